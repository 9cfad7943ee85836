import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clausesOf, hasClause, quote, setClause } from './filter';

describe('filter text', () => {
  test('parts between blanks, quotes keep blanks', () => {
    expect(clausesOf('  status:running params.kind="a b"  -name~x ')).toEqual(['status:running', 'params.kind="a b"', '-name~x']);
    expect(clausesOf(String.raw`params.k="say \"a b\" now" x`)).toEqual([String.raw`params.k="say \"a b\" now"`, 'x']);
    expect(clausesOf('')).toEqual([]);
  });

  test('plain values stay bare, odd ones are quoted', () => {
    expect(['rf', '0.01', '1e-5', 'val/loss', 'größe'].map(quote)).toEqual(['rf', '0.01', '1e-5', 'val/loss', 'größe']);
    expect(['', 'a b', 'a"b', '(x)', 'a:b'].map(quote)).toEqual(['""', '"a b"', '"a\\"b"', '"(x)"', '"a:b"']);
  });

  test('a quoted value of any text is one clause', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (value) => { expect(clausesOf(`a x=${quote(value)} b`)).toEqual(['a', `x=${quote(value)}`, 'b']); }));
  });

  test('one clause a field', () => {
    expect(setClause('status:failed name~a', 'status', 'status:running')).toBe('name~a status:running');
    expect(setClause('status:failed name~a', 'status', null)).toBe('name~a');
    expect(hasClause('name~a status:running', 'status:running')).toBe(true);
    expect(hasClause('name~"status:running b"', 'status:running')).toBe(false);
  });
});
