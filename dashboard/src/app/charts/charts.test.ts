import { describe, expect, test } from 'vitest';
import type { Summary } from '../../api/types';
import { run } from '../testing';
import { toLine } from './lines';
import { openSections, sectionsOf } from './sections';
import { planRequests } from './seriesLoader';

const summary = (count: number): Summary => ({ last: 1, lastStep: 0, lastTime: 0, min: 1, max: 1, mean: 1, count });
const want = (r: string, key: string, range: readonly [number, number] | null = null) => ({ run: r, key, buckets: 600, range });

describe('sections', () => {
  test('by prefix, plain first, system last, lines before dots', () => {
    const runs = [
      run({ metrics: { score: summary(1), 'val/loss': summary(9), 'system/cpu': summary(5), 'train/loss': summary(9), best: summary(3) } }),
      run({ metrics: { score: summary(1), other: summary(1), 'val/acc': summary(1) } }),
    ];
    expect(sectionsOf(runs).map((s) => [s.name, s.charts.map((c) => `${c.key}:${c.points}`).join()])).toEqual([
      ['', 'best:3,other:1,score:1'],
      ['train', 'train/loss:9'],
      ['val', 'val/loss:9,val/acc:1'],
      ['system', 'system/cpu:5'],
    ]);
  });

  test('sections after the first 24 charts begin closed; toggling turns over', () => {
    const charts = Array.from({ length: 20 }, (_, i) => ({ key: `k${i}`, points: 2 }));
    const sections = ['a', 'b', 'c'].map((name) => ({ name, charts }));
    expect([...openSections(sections, [])]).toEqual(['a', 'b']);
    expect([...openSections(sections, ['a', 'c'])]).toEqual(['b', 'c']);
  });
});

describe('requests', () => {
  test('keys of the same runs go together, others apart, and nothing more is asked than wanted', () => {
    const plan = planRequests([want('a', 'x'), want('b', 'x'), want('b', 'y'), want('a', 'y'), want('a', 'z'), want('a', 'x', [0, 5])]);
    expect(plan).toEqual([
      { runs: ['a', 'b'], keys: ['x', 'y'], buckets: 600, range: null },
      { runs: ['a'], keys: ['z'], buckets: 600, range: null },
      { runs: ['a'], keys: ['x'], buckets: 600, range: [0, 5] },
    ]);
  });

  test('at most 100 runs and 100 keys a request', () => {
    const wants = Array.from({ length: 130 }, (_, r) => ['k', 'l'].map((key) => want(`r${r}`, key))).flat();
    expect(planRequests(wants).map((p) => [p.runs.length, p.keys.length])).toEqual([[100, 2], [30, 2]]);
  });
});

describe('lines', () => {
  const points = { run: 'a', key: 'k', count: 9, bucketed: true, steps: [0, 9], times: [1500, 2500], values: [1, 2], min: [0, 1], max: [2, 3] };
  test('x is the step, the time since the start, or the time', () => {
    expect(toLine(run(), points, 3, 'step')).toEqual({ id: 'a', label: 'n', slot: 3, x: [0, 9], y: [1, 2], min: [0, 1], max: [2, 3] });
    expect(toLine(run(), points, 0, 'relative').x).toEqual([500, 1500]);
    expect(toLine(run({ startedAt: null }), points, 0, 'relative').x).toEqual([0, 1000]);
    expect(toLine(run(), points, 0, 'wall').x).toEqual([1500, 2500]);
  });
});
