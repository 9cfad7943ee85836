import { describe, expect, test } from 'vitest';
import type { Column } from '../../api/types';
import { run } from '../testing';
import { byInterest, cellOf, defaultFields, durationOf, labelOf } from './columns';
import { windowsFor } from './useRunWindows';
import { nextSort } from './RunTable';

const column = (field: string, runs: number, distinct: number): Column => ({ field, runs, distinct });

describe('columns', () => {
  test('metrics before parameters before system metrics before tags, differing first, then the most common', () => {
    const columns = [
      column('tags.kind', 9, 3), column('params.seed', 9, 1), column('params.lr', 7, 4), column('params.depth', 9, 2),
      column('metrics.system/gpu', 9, 9), column('metrics.loss', 9, 9), column('metrics.rare', 1, 1), column('metrics.acc', 9, 8),
    ];
    expect(byInterest(columns).map((c) => c.field)).toEqual([
      'metrics.acc', 'metrics.loss', 'metrics.rare', 'params.depth', 'params.lr', 'params.seed', 'metrics.system/gpu', 'tags.kind',
    ]);
  });

  test('by default only those that differ, two metrics and four parameters, then duration and start', () => {
    const columns = ['a', 'b', 'c', 'd', 'e'].flatMap((k) => [column(`params.${k}`, 3, 3), column(`metrics.${k}`, 3, 2)]);
    columns.push(column('params.same', 3, 1), column('tags.t', 3, 3));
    expect(defaultFields(columns, 3)).toEqual([
      'metrics.a', 'metrics.b', 'params.a', 'params.b', 'params.c', 'params.d', 'duration', 'started',
    ]);
  });

  test('of a single run whatever it has', () => {
    expect(defaultFields([column('params.lr', 1, 1)], 1)).toEqual(['params.lr', 'duration', 'started']);
  });

  test('columns shown before keep their places, those gone leave', () => {
    const columns = [column('params.a', 9, 9), column('params.b', 2, 2), column('metrics.m', 3, 3)];
    expect(defaultFields(columns, 9, ['params.gone', 'params.b', 'duration'])).toEqual(['metrics.m', 'params.b', 'params.a', 'duration', 'started']);
  });

  test("the project's main metric comes first, where runs have it", () => {
    const columns = [column('metrics.a', 3, 3), column('metrics.b', 3, 3), column('metrics.z', 1, 1)];
    expect(defaultFields(columns, 9, ['metrics.b'], 'z').slice(0, 2)).toEqual(['metrics.z', 'metrics.b']);
    expect(defaultFields(columns, 9, [], 'gone').slice(0, 2)).toEqual(['metrics.a', 'metrics.b']);
  });

  test('a label is the bare key unless two columns would share it', () => {
    expect(labelOf('params.lr', ['params.lr', 'metrics.loss'])).toBe('lr');
    expect(labelOf('params.lr', ['params.lr', 'metrics.lr'])).toBe('params.lr');
  });

  test('cells: numbers short with all digits in full, aggregates, missing values empty', () => {
    const summary = { last: 0.123456789, lastStep: 3, lastTime: 5, min: 0.1, max: 9, mean: 2, count: 4 };
    const r = run({ params: { lr: '1e-05', kind: 'rf', depth: '8' }, metrics: { loss: summary, 'a.min': { ...summary, last: 7 } } });
    expect(cellOf(r, 'metrics.loss', 0)).toEqual({ text: '0.12346', full: '0.123456789', numeric: true });
    expect(cellOf(r, 'metrics.loss.max', 0).text).toBe('9');
    expect(cellOf(r, 'metrics.a.min', 0).text).toBe('7');
    expect(cellOf(r, 'params.lr', 0)).toEqual({ text: '1e−5', full: '1e-05', numeric: true });
    expect(cellOf(r, 'params.kind', 0)).toEqual({ text: 'rf', full: 'rf', numeric: false });
    expect(cellOf(r, 'params.none', 0).text).toBe('');
    expect(cellOf(r, 'duration', 0).text).toBe('3.5 s');
  });

  test('a running run lasts until now, a lost one has no known end', () => {
    expect(durationOf(run({ status: 'running', endedAt: null }), 3000)).toBe(2000);
    expect(durationOf(run({ status: 'stale', endedAt: null }), 3000)).toBeNull();
    expect(durationOf(run({ startedAt: null }), 3000)).toBeNull();
  });
});

describe('table', () => {
  test('windows: the first, those in view, one ahead and one behind', () => {
    expect(windowsFor(0, 30, 0)).toEqual([0]);
    expect(windowsFor(0, 30, 1000)).toEqual([0, 1]);
    expect(windowsFor(450, 480, 1000)).toEqual([0, 3, 4, 5]);
    expect(windowsFor(980, 999, 1000)).toEqual([0, 8, 9]);
  });

  test('a heading goes through ascending, descending, none', () => {
    const first = nextSort(null, 'name');
    const second = nextSort(first, 'name');
    expect([first, second, nextSort(second, 'name')]).toEqual([{ field: 'name', descending: false }, { field: 'name', descending: true }, null]);
    expect(nextSort(second, 'status')).toEqual({ field: 'status', descending: false });
  });
});
