import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { X_KINDS } from '../../plots/axis';
import { joinList, splitList } from './codec';
import { RUNS_TABS, RUN_TABS, runCodec, runsCodec, type RunState, type RunsState } from './state';

const word = fc.string({ unit: 'grapheme', maxLength: 12 });
const words = fc.array(fc.oneof(word, fc.constantFrom('', ',', '~', '~.', '~0', '%2C', 'a+b', 'params.a,b')), { maxLength: 5 });
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0);
const zoom = fc.option(fc.tuple(number, number).filter(([a, b]) => a !== b).map(([a, b]) => (a < b ? ([a, b] as const) : ([b, a] as const))));
const chart = {
  x: fc.constantFrom(...X_KINDS),
  smooth: fc.double({ min: 0, max: 0.999, noNaN: true }).map((n) => n + 0),
  log: fc.boolean(),
  zoom,
  sec: words,
};
const runsState: fc.Arbitrary<RunsState> = fc.record({
  ...chart,
  q: word,
  sort: fc.option(fc.record({ field: word.filter((w) => w !== ''), descending: fc.boolean() })),
  cols: fc.option(words),
  sel: words,
  hide: words,
  tab: fc.constantFrom(...RUNS_TABS),
  nest: fc.boolean(),
  open: words,
});
const runState: fc.Arbitrary<RunState> = fc.record({ ...chart, tab: fc.constantFrom(...RUN_TABS) });

describe('URL state', () => {
  test('a list survives whatever its items hold', () => {
    fc.assert(fc.property(words, (items) => { expect(splitList(joinList(items))).toEqual(items); }));
  });

  test('every state of the runs page survives the address', () => {
    fc.assert(fc.property(runsState, (state) => { expect(runsCodec.parse(runsCodec.format(state))).toEqual(state); }), { numRuns: 500 });
  });

  test('every state of the run page survives the address, as a browser keeps it', () => {
    fc.assert(
      fc.property(runState, (state) => {
        const url = new URL(`http://host/p/1?${runCodec.format(state)}`);
        expect(runCodec.parse(url.search)).toEqual(state);
      }),
    );
  });

  test('equal states have equal addresses, and formatting is stable', () => {
    fc.assert(fc.property(runsState, (state) => { expect(runsCodec.format(runsCodec.parse(runsCodec.format(state)))).toBe(runsCodec.format(state)); }));
  });

  test('any text parses, and what cannot be read is the default', () => {
    fc.assert(fc.property(fc.string(), (search) => { runsCodec.parse(search); }));
    const state = runsCodec.parse('?smooth=7&x=banana&zoom=9..1&sort=loss&log=yes&tab=');
    expect(state).toEqual(runsCodec.parse(''));
  });

  test('defaults leave the address empty, and the forms are fixed', () => {
    expect(runsCodec.format(runsCodec.parse(''))).toBe('');
    const search = 'q=status:running&sort=metrics.val/loss+desc&cols=params.lr,metrics.val/loss&sel=a,b&tab=charts&x=wall&smooth=0.6&log=1&zoom=0..8000';
    expect(runsCodec.format(runsCodec.parse(search))).toBe(search);
    expect(runsCodec.parse(search)).toMatchObject({
      q: 'status:running',
      sort: { field: 'metrics.val/loss', descending: true },
      cols: ['params.lr', 'metrics.val/loss'],
      zoom: [0, 8000],
    });
  });

  test('no columns chosen and no columns wanted differ', () => {
    expect(runsCodec.parse('').cols).toBeNull();
    expect(runsCodec.parse(runsCodec.format({ ...runsCodec.parse(''), cols: [] })).cols).toEqual([]);
  });
});
