import { getSeries, type SeriesQuery } from '../../api/client';
import type { Series } from '../../api/types';

const MAX = 100;

interface Want {
  run: string;
  key: string;
  buckets: number;
  range: readonly [number, number] | null;
}

interface Waiting extends Want {
  resolve: (series: Series | null) => void;
  reject: (error: unknown) => void;
}

/** The requests that together ask for exactly these pairs: keys wanted of the same runs go together, 100 × 100 at most. */
export function planRequests(wants: readonly Want[]): SeriesQuery[] {
  const byKey = new Map<string, { want: Want; runs: Set<string> }>();
  for (const want of wants) {
    const id = JSON.stringify([want.key, want.buckets, want.range]);
    const entry = byKey.get(id) ?? { want, runs: new Set<string>() };
    entry.runs.add(want.run);
    byKey.set(id, entry);
  }
  const groups = new Map<string, SeriesQuery>();
  for (const { want, runs } of byKey.values()) {
    const ids = [...runs].sort();
    const id = JSON.stringify([ids, want.buckets, want.range]);
    const group = groups.get(id) ?? { runs: ids, keys: [], buckets: want.buckets, range: want.range };
    group.keys.push(want.key);
    groups.set(id, group);
  }
  const plan: SeriesQuery[] = [];
  for (const group of groups.values()) {
    for (const runs of chunks(group.runs)) for (const keys of chunks(group.keys)) plan.push({ ...group, runs, keys });
  }
  return plan;
}

function chunks(list: readonly string[]): string[][] {
  const parts: string[][] = [];
  for (let i = 0; i < list.length; i += MAX) parts.push(list.slice(i, i + MAX));
  return parts;
}

let waiting: Waiting[] = [];

/** One series, or null if it has no points. Calls of the same moment share their requests. */
export function loadSeries(want: Want): Promise<Series | null> {
  return new Promise((resolve, reject) => {
    if (waiting.length === 0) setTimeout(flush, 10);
    waiting.push({ ...want, resolve, reject });
  });
}

function flush(): void {
  const batch = waiting;
  waiting = [];
  for (const request of planRequests(batch)) {
    const mine = batch.filter(
      (w) => w.buckets === request.buckets && sameRange(w.range, request.range) && request.keys.includes(w.key) && request.runs.includes(w.run),
    );
    getSeries(request).then(
      (series) => {
        const found = new Map(series.map((s) => [`${s.run} ${s.key}`, s]));
        for (const w of mine) w.resolve(found.get(`${w.run} ${w.key}`) ?? null);
      },
      (error: unknown) => mine.forEach((w) => w.reject(error)),
    );
  }
}

const sameRange = (a: Want['range'], b: Want['range']): boolean => a?.[0] === b?.[0] && a?.[1] === b?.[1];
