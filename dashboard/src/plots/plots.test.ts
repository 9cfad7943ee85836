import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compact, formatTick, logTicks } from './axis';
import { toData, xRange } from './canvas';
import { formatAge, formatDuration, formatNumber, plural } from './format';
import { DARK, LIGHT, assignSlots, dashOf } from './palette';
import { extent, nearest, padRange, readAt, shapeLines, type LineSeries } from './shape';
import { smooth } from './smooth';
import { summarise } from './summary';

const plain = { smoothing: 0, log: false };
const line = (change: Partial<LineSeries>): LineSeries => ({ id: 'a', label: 'a', slot: 0, x: [], y: [], ...change });

describe('numbers as text', () => {
  test.each([
    [0, '0'], [-0, '0'], [1, '1'], [-12, '−12'], [123456, '123456'], [0.1 + 0.2, '0.3'], [Math.PI, '3.1416'], [0.000123456, '0.00012346'],
    [0.0000123456, '1.2346e−5'], [1234567.8, '1.2346e6'], [999999.9, '1e6'], [12345.678, '12346'], [1e12, '1e12'], [NaN, 'NaN'], [Infinity, '∞'], [-Infinity, '−∞'],
  ])('%d is %s', (value, text) => expect(formatNumber(value)).toBe(text));

  test('five digits never lie by more than half a unit of the fifth', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), (value) => {
      const back = Number(formatNumber(value).replaceAll('−', '-'));
      expect(Math.abs(back - value)).toBeLessThanOrEqual(Math.abs(value) * 5.0001e-5);
    }));
  });

  test.each([
    [0, '0 ms'], [350.4, '350 ms'], [999.6, '1.0 s'], [4200, '4.2 s'], [59_960, '1m 00s'], [192_000, '3m 12s'], [3_599_600, '1h 00m'],
    [7_500_000, '2h 05m'], [86_399_999, '1d 0h'], [273_600_000, '3d 4h'],
  ])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  test('absent is empty', () => expect([formatNumber(null), formatDuration(null), formatAge(undefined, 0)]).toEqual(['', '', '']));

  test('ages and counts', () => {
    expect([1, 60, 3600, 86400, 172800].map((s) => formatAge(0, s * 1000))).toEqual(['just now', '1 min ago', '1 h ago', '1 day ago', '2 days ago']);
    expect([plural(1, 'run'), plural(10214, 'run')]).toEqual(['1 run', '10,214 runs']);
    expect([compact(12_000), compact(3_500_000), compact(800)]).toEqual(['12k', '3.5M', '800']);
    expect([formatTick(90_000, 30_000, 'relative'), formatTick(5000, 1000, 'relative'), formatTick(3_600_000, 900_000, 'relative')]).toEqual(['1:30', '5 s', '1h']);
  });
});

test('log axes have a handful of round ticks inside their range', () => {
  expect(logTicks(0.1, 3)).toEqual([0.1, 0.2, 0.5, 1, 2]);
  expect(logTicks(1e-6, 1e6)).toEqual([1e-6, 1e-4, 1e-2, 1, 100, 1e4, 1e6]);
  expect(logTicks(0.2613, 0.2888)).toEqual([0.27, 0.28]);
  const bounds = fc.tuple(fc.double({ min: -12, max: 12, noNaN: true }), fc.double({ min: 0.01, max: 20, noNaN: true }));
  fc.assert(fc.property(bounds, ([a, span]) => {
    const [low, high] = [10 ** a, 10 ** (a + span)];
    const ticks = logTicks(low, high);
    expect(ticks.length).toBeGreaterThan(0);
    expect(ticks.length).toBeLessThanOrEqual(7);
    for (const tick of ticks) {
      expect(tick).toBeGreaterThanOrEqual(low * (1 - 1e-9));
      expect(tick).toBeLessThanOrEqual(high * (1 + 1e-9));
    }
  }));
});

describe('smoothing', () => {
  test('on a regular grid it is the bias-corrected average', () => {
    const y = [1, 4, 2, 8];
    let sum = 0;
    const expected = y.map((v, i) => (sum = 0.6 * sum + 0.4 * v) / (1 - 0.6 ** (i + 1)));
    smooth([0, 10, 20, 30], y, 0.6).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 12));
  });

  test('weight 0 returns the values, a constant stays, results stay between the extremes', () => {
    expect(smooth([0, 1, 2], [3, 1, 2], 0)).toEqual([3, 1, 2]);
    const points = fc.array(fc.tuple(fc.double({ min: 0, max: 100, noNaN: true }), fc.double({ min: -5, max: 5, noNaN: true })), { minLength: 2, maxLength: 40 });
    fc.assert(fc.property(points, fc.double({ min: 0, max: 0.999, noNaN: true }), (pairs, weight) => {
      const sorted = [...pairs].sort((a, b) => a[0] - b[0]);
      const y = sorted.map((p) => p[1]);
      for (const v of smooth(sorted.map((p) => p[0]), y, weight)) {
        expect(v).toBeGreaterThanOrEqual(Math.min(...y) - 1e-9);
        expect(v).toBeLessThanOrEqual(Math.max(...y) + 1e-9);
      }
    }));
  });

  test('NaN and infinities stay in their places and do not spread', () => {
    const out = smooth([0, 1, 2, 3], [2, NaN, Infinity, 2], 0.9);
    expect(out[0]).toBe(2);
    expect(out[1]).toBeNaN();
    expect(out[2]).toBe(Infinity);
    expect(out[3]).toBeCloseTo(2, 12);
  });

  test('a long gap forgets more than a short one', () => {
    const [, , near] = smooth([0, 1, 2], [0, 0, 1], 0.9);
    const [, , far] = smooth([0, 0.1, 2], [0, 0, 1], 0.9);
    expect(far!).toBeGreaterThan(near!);
  });
});

describe('shaping', () => {
  test('one x axis for all: absent points are undefined, holes null', () => {
    const shaped = shapeLines([line({ x: [0, 2], y: [1, NaN] }), line({ id: 'b', x: [1, 2], y: [5, 6] })], plain);
    expect(shaped.xs).toEqual([0, 1, 2]);
    expect(shaped.lines[0]!.values).toEqual([1, undefined, null]);
    expect(shaped.lines[1]!.values).toEqual([undefined, 5, 6]);
    expect(shaped.lines[0]!.marks).toEqual([{ x: 2, kind: 'nan' }]);
    expect(toData(shaped)).toHaveLength(3);
  });

  test('every finite point is on the axis at its x, whatever the runs', () => {
    const series = fc.array(fc.array(fc.tuple(fc.nat(30), fc.double({ noNaN: true, noDefaultInfinity: true })), { maxLength: 20 }), { maxLength: 4 });
    fc.assert(fc.property(series, (runs) => {
      const lines = runs.map((points, i) => {
        const unique = [...new Map(points)];
        return line({ id: String(i), x: unique.map((p) => p[0]), y: unique.map((p) => p[1]) });
      });
      const shaped = shapeLines(lines, plain);
      expect(shaped.xs).toEqual([...new Set(lines.flatMap((l) => l.x))].sort((a, b) => a - b));
      lines.forEach((l, i) => l.x.forEach((x, j) => expect(shaped.lines[i]!.values[shaped.xs.indexOf(x)]).toBe(l.y[j])));
    }));
  });

  test('time that runs backwards is put in order, its band with it', () => {
    const shaped = shapeLines([line({ x: [5, 3], y: [50, 30], min: [49, 29], max: [51, 31] })], plain);
    expect(shaped.lines[0]!.values).toEqual([30, 50]);
    expect(shaped.lines[0]!.band).toEqual({ x: [3, 5], min: [29, 49], max: [31, 51] });
  });

  test('buckets become a band only where they hold a spread', () => {
    expect(shapeLines([line({ x: [0, 1], y: [1, 2], min: [1, 2], max: [1, 2] })], plain).lines[0]!.band).toBeNull();
    expect(shapeLines([line({ x: [0, 1], y: [1, 2], min: [0, NaN], max: [3, NaN] })], plain).lines[0]!.band).toEqual({ x: [0], min: [0], max: [3] });
  });

  test('a log axis leaves out what it cannot hold and counts it', () => {
    const shaped = shapeLines([line({ x: [0, 1, 2], y: [10, 0, -1], min: [1, -2, -3], max: [20, 5, -1] })], { smoothing: 0, log: true });
    expect(shaped.lines[0]!.values).toEqual([10, null, null]);
    expect(shaped.hidden).toBe(2);
    expect(shaped.lines[0]!.band).toEqual({ x: [0, 1], min: [1, 5], max: [20, 5] });
  });

  test('smoothing keeps the raw points as a shadow, and triangles mark what is not finite', () => {
    const shaped = shapeLines([line({ x: [0, 1, 2, 3], y: [0, 4, Infinity, -Infinity] })], { smoothing: 0.5, log: false });
    expect(shaped.lines[0]!.raw).toEqual([0, 4, null, null]);
    expect(shaped.lines[0]!.values[1]).toBeGreaterThan(0);
    expect(shaped.lines[0]!.values[1]).toBeLessThan(4);
    expect(shaped.lines[0]!.marks.map((m) => m.kind)).toEqual(['high', 'low']);
    expect(toData(shaped)).toHaveLength(3);
  });

  test('the y range takes in lines and bands of the x in view, with a margin', () => {
    const shaped = shapeLines([line({ x: [0, 1, 2], y: [1, 2, 100], min: [0, 2, 100], max: [1, 7, 100] })], plain);
    expect(extent(shaped, 0, 1)).toEqual([0, 7]);
    expect(extent(shaped, 5, 9)).toBeNull();
    expect(padRange(0, 100, false)).toEqual([-6, 106]);
    const [low, high] = padRange(3, 3, false);
    expect(high).toBeGreaterThan(low);
    const [a, b] = padRange(1, 100, true);
    expect(a).toBeGreaterThan(0);
    expect(a * b).toBeCloseTo(100, 9);
  });

  test('the x range is the zoom, else all, never empty', () => {
    const shaped = shapeLines([line({ x: [4, 9], y: [1, 1] })], plain);
    expect(xRange(shaped, null)).toEqual([4, 9]);
    expect(xRange(shaped, [5, 6])).toEqual([5, 6]);
    expect(xRange(shapeLines([line({ x: [4], y: [1] })], plain), null)).toEqual([3.5, 4.5]);
  });

  test('the cursor reads each run’s nearest point, greatest first', () => {
    expect(nearest([0, 1, 5], [1, undefined, 3], 1)).toBe(0);
    expect(nearest([0, 4, 5], [1, null, 3], 1)).toBe(2);
    expect(nearest([0], [undefined], 0)).toBe(-1);
    const shaped = shapeLines([line({ x: [0, 9], y: [1, 2] }), line({ id: 'b', x: [8], y: [7] }), line({ id: 'c', x: [8], y: [NaN] })], plain);
    expect(readAt(shaped, 1).map((r) => [r.id, r.x, r.value])).toEqual([['b', 8, 7], ['a', 9, 2]]);
  });

  test('the summary is one true sentence', () => {
    const shaped = shapeLines([line({ x: [0, 1], y: [1, 0.25] }), line({ id: 'b', label: 'b', x: [0, 1], y: [3, NaN] })], plain);
    expect(summarise('loss', shaped)).toBe('loss, 2 runs, last values from 0.25 (a) to 3 (b). 1 value not finite.');
    expect(summarise('loss', shapeLines([], plain))).toBe('loss: no points to draw.');
  });
});

describe('palette', () => {
  const luminance = (hex: string): number => {
    const [r, g, b] = [1, 3, 5].map((i) => {
      const c = parseInt(hex.slice(i, i + 2), 16) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const contrast = (a: string, b: string): number => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high! + 0.05) / (low! + 0.05);
  };

  test('every line has 3:1 against the panel of its theme', () => {
    for (const color of LIGHT) expect(contrast(color, '#ffffff'), color).toBeGreaterThanOrEqual(3);
    for (const color of DARK) expect(contrast(color, '#15191c'), color).toBeGreaterThanOrEqual(3);
  });

  test('runs keep their colours, newcomers take the lowest free ones', () => {
    const first = assignSlots(new Map(), ['a', 'b', 'c']);
    expect([...first]).toEqual([['a', 0], ['b', 1], ['c', 2]]);
    expect(Object.fromEntries(assignSlots(first, ['d', 'a', 'c']))).toEqual({ a: 0, c: 2, d: 1 });
  });

  test('no two runs share a slot, whatever came before', () => {
    const ids = fc.uniqueArray(fc.constantFrom(...'abcdefghijklmnop'), { maxLength: 12 });
    fc.assert(fc.property(fc.array(ids, { maxLength: 6 }), (steps) => {
      let slots = new Map<string, number>();
      for (const step of steps) {
        slots = assignSlots(slots, step);
        expect(new Set(slots.values()).size).toBe(step.length);
      }
    }));
  });

  test('eight visible runs never share a colour: beyond eight the dash differs', () => {
    expect(dashOf(0)).toBeUndefined();
    expect(dashOf(8)).not.toEqual(dashOf(0));
    expect(dashOf(16)).not.toEqual(dashOf(8));
  });
});
