import { useQueries, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { Run, Series } from '../../api/types';
import { keys } from '../queries';
import { loadSeries } from './seriesLoader';

/** At most so often, in ms, are the points of a live metric read again. */
const EVERY = 500;

interface Loaded {
  series: Series | null;
  /** What the summary said when the points were asked for. */
  stamp: string;
}

function stampOf(run: Run, key: string): string {
  const summary = run.metrics[key];
  return summary ? `${summary.count}:${summary.lastStep}:${summary.lastTime}` : '';
}

export interface SeriesResult {
  /** In the order of the runs; runs without points are left out. */
  series: { run: Run; points: Series }[];
  pending: boolean;
  fetching: boolean;
  error: unknown;
  retry: () => void;
}

/** Points of one metric of these runs, read again, only of the runs concerned, when a summary tells of new ones. */
export function useSeries(runs: readonly Run[], key: string, range: readonly [number, number] | null, buckets: number): SeriesResult {
  const client = useQueryClient();
  const withKey = runs.filter((run) => run.metrics[key]);
  const rangeText = range ? range.join('..') : '';
  const queries = useQueries({
    queries: withKey.map((run) => ({
      queryKey: keys.series(run.id, key, rangeText, buckets),
      queryFn: async (): Promise<Loaded> => {
        const stamp = stampOf(run, key);
        return { series: await loadSeries({ run: run.id, key, buckets, range }), stamp };
      },
      staleTime: Infinity,
      gcTime: 60_000,
    })),
  });

  const outdated = withKey.filter((run, i) => {
    const query = queries[i]!;
    return query.data !== undefined && !query.isFetching && query.data.stamp !== stampOf(run, key);
  });
  const signature = outdated.map((run) => `${run.id}@${stampOf(run, key)}`).join();
  const lastRead = useRef(0);
  useEffect(() => {
    if (!signature) return;
    const timer = setTimeout(() => {
      lastRead.current = Date.now();
      for (const run of outdated) void client.invalidateQueries({ queryKey: keys.series(run.id, key, rangeText, buckets), exact: true });
    }, Math.max(0, lastRead.current + EVERY - Date.now()));
    return () => clearTimeout(timer);
  }, [signature, client, key, rangeText, buckets]);

  const failed = queries.find((query) => query.isError && query.data === undefined);
  return {
    series: withKey.flatMap((run, i) => {
      const points = queries[i]!.data?.series;
      return points ? [{ run, points }] : [];
    }),
    pending: queries.some((query) => query.isPending),
    fetching: queries.some((query) => query.isFetching),
    error: failed?.error,
    retry: () => queries.forEach((query) => { if (query.isError) void query.refetch(); }),
  };
}
