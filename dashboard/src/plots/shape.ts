import { smooth } from './smooth';

/** What a line chart is given for one run: points by ascending x. `min`/`max` when a point stands for a bucket. */
export interface LineSeries {
  id: string;
  label: string;
  /** Place in the categorical palette. */
  slot: number;
  x: number[];
  y: number[];
  min?: number[];
  max?: number[];
}

/** null = a hole in the line (NaN, ±∞, or not drawable on a log axis); undefined = this run has no point at that x. */
export type Cell = number | null | undefined;

export interface Mark {
  x: number;
  kind: 'nan' | 'high' | 'low';
}

export interface ShapedLine {
  id: string;
  label: string;
  slot: number;
  /** On the common x: the line to draw (smoothed if asked). */
  values: Cell[];
  /** On the common x: the points as they are, when `values` are smoothed. */
  raw: Cell[] | null;
  /** Buckets that hold more than one value, on the run's own x. */
  band: { x: number[]; min: number[]; max: number[] } | null;
  marks: Mark[];
}

export interface Shaped {
  xs: number[];
  lines: ShapedLine[];
  /** Values ≤ 0 left out because the axis is logarithmic. */
  hidden: number;
}

export interface ShapeOptions {
  smoothing: number;
  log: boolean;
}

/** Puts the runs' points on one common x axis, as uPlot wants them, and sets aside what a line cannot show. */
export function shapeLines(series: readonly LineSeries[], options: ShapeOptions): Shaped {
  const sorted = series.map(byX);
  const xs = unionOf(sorted.map((s) => s.x));
  const place = new Map<number, number>();
  xs.forEach((x, i) => place.set(x, i));

  let hidden = 0;
  const cell = (value: number): number | null => {
    if (!Number.isFinite(value)) return null;
    if (options.log && value <= 0) return null;
    return value;
  };
  const lines = sorted.map((s): ShapedLine => {
    const marks: Mark[] = [];
    s.y.forEach((value, i) => {
      if (Number.isNaN(value)) marks.push({ x: s.x[i]!, kind: 'nan' });
      else if (!Number.isFinite(value)) marks.push({ x: s.x[i]!, kind: value > 0 ? 'high' : 'low' });
      else if (options.log && value <= 0) hidden++;
    });
    const spread = (values: readonly number[]): Cell[] => {
      const out = new Array<Cell>(xs.length).fill(undefined);
      for (let i = 0; i < values.length; i++) out[place.get(s.x[i]!)!] = cell(values[i]!);
      return out;
    };
    const smoothed = options.smoothing > 0 && s.y.length > 1;
    return {
      id: s.id,
      label: s.label,
      slot: s.slot,
      values: spread(smoothed ? smooth(s.x, s.y, options.smoothing) : s.y),
      raw: smoothed ? spread(s.y) : null,
      band: bandOf(s, options.log),
      marks,
    };
  });
  return { xs, lines, hidden };
}

function byX(s: LineSeries): LineSeries {
  if (s.x.every((x, i) => i === 0 || x >= s.x[i - 1]!)) return s;
  const order = s.x.map((_, i) => i).sort((a, b) => s.x[a]! - s.x[b]! || a - b);
  const pick = (list: number[]): number[] => order.map((i) => list[i]!);
  return { ...s, x: pick(s.x), y: pick(s.y), ...(s.min && s.max ? { min: pick(s.min), max: pick(s.max) } : {}) };
}

function unionOf(lists: readonly number[][]): number[] {
  const all = new Set<number>();
  for (const list of lists) for (const x of list) all.add(x);
  return [...all].sort((a, b) => a - b);
}

function bandOf(s: LineSeries, log: boolean): ShapedLine['band'] {
  if (!s.min || !s.max) return null;
  const band = { x: [] as number[], min: [] as number[], max: [] as number[] };
  for (let i = 0; i < s.x.length; i++) {
    let low = s.min[i]!;
    const high = s.max[i]!;
    if (!Number.isFinite(low) || !Number.isFinite(high) || (log && high <= 0)) continue;
    // The part of the bucket below 0 has no place on a log axis.
    if (log && low <= 0) low = Number.isFinite(s.y[i]!) && s.y[i]! > 0 ? Math.min(s.y[i]!, high) : high;
    band.x.push(s.x[i]!);
    band.min.push(low);
    band.max.push(high);
  }
  return band.x.some((_, i) => band.min[i] !== band.max[i]) ? band : null;
}

/** Extremes of all that is drawn between two x; null when nothing is. */
export function extent(shaped: Shaped, from: number, to: number): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  const take = (value: Cell): void => {
    if (value === null || value === undefined) return;
    if (value < low) low = value;
    if (value > high) high = value;
  };
  for (const line of shaped.lines) {
    shaped.xs.forEach((x, i) => {
      if (x < from || x > to) return;
      take(line.values[i]);
      take(line.raw?.[i]);
    });
    line.band?.x.forEach((x, i) => {
      if (x < from || x > to) return;
      take(line.band!.min[i]);
      take(line.band!.max[i]);
    });
  }
  return low <= high ? [low, high] : null;
}

/** The y range to show for these extremes: a margin of 6 %, never of zero height. */
export function padRange(low: number, high: number, log: boolean): [number, number] {
  if (log) {
    const a = Math.log10(low);
    const b = Math.log10(high);
    const margin = b > a ? (b - a) * 0.06 : 0.3;
    return [10 ** (a - margin), 10 ** (b + margin)];
  }
  const margin = high > low ? (high - low) * 0.06 : Math.abs(low) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** Index of the point of a line nearest to `index` on the common x; −1 if the line has none. */
export function nearest(xs: readonly number[], values: readonly Cell[], index: number): number {
  const here = (i: number): boolean => values[i] !== undefined && values[i] !== null;
  let left = index;
  let right = index;
  while (left >= 0 && !here(left)) left--;
  while (right < values.length && !here(right)) right++;
  if (left < 0) return right < values.length ? right : -1;
  if (right >= values.length) return left;
  return xs[index]! - xs[left]! <= xs[right]! - xs[index]! ? left : right;
}

export interface Reading {
  id: string;
  label: string;
  slot: number;
  /** x of the point read, which may lie beside the cursor. */
  x: number;
  value: number;
  raw: number | null;
}

/** What every line says at a place of the common x, greatest value first. */
export function readAt(shaped: Shaped, index: number): Reading[] {
  const readings: Reading[] = [];
  for (const line of shaped.lines) {
    const i = nearest(shaped.xs, line.values, index);
    if (i < 0) continue;
    const raw = line.raw?.[i];
    readings.push({ id: line.id, label: line.label, slot: line.slot, x: shaped.xs[i]!, value: line.values[i]!, raw: raw ?? null });
  }
  return readings.sort((a, b) => b.value - a.value);
}
