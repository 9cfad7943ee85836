import { useQueries } from '@tanstack/react-query';
import { useRef } from 'react';
import { getRuns } from '../../api/client';
import type { Run, RunPage } from '../../api/types';
import { keys } from '../queries';

/** Runs asked for at a time. */
export const WINDOW = 100;

export interface RunWindows {
  /** The run in that row; undefined while its window is on its way. */
  at: (row: number) => Run | undefined;
  /** The row of a run that is loaded; undefined otherwise. */
  rowOf: (id: string) => number | undefined;
  /** Runs loaded so far, in order. */
  loaded: readonly Run[];
  /** Match the filter. */
  total: number;
  /** Exist. */
  all: number;
  /** Whether the totals are known at all. */
  known: boolean;
  /** Nothing at all to show yet. */
  pending: boolean;
  /** What is shown answers the question before this one. */
  outdated: boolean;
  fetching: boolean;
  error: unknown;
  retry: () => void;
}

/** Windows that rows first…last touch, with one ahead and one behind; always the first, which knows the totals. */
export function windowsFor(first: number, last: number, total: number): number[] {
  const from = Math.max(0, Math.floor(first / WINDOW) - 1);
  const end = Math.max(0, Math.ceil(total / WINDOW) - 1);
  const to = Math.min(end, Math.floor(last / WINDOW) + 1);
  const windows = new Set([0]);
  for (let i = from; i <= to; i++) windows.add(i);
  return [...windows];
}

/** A project's runs, filtered and sorted by the server, windows of 100 where the table looks. */
export function useRunWindows(project: number, q: string, sort: string, first: number, last: number): RunWindows {
  const shown = useRef<{ pages: Map<number, RunPage>; total: number; all: number; question: string } | null>(null);
  const question = JSON.stringify([project, q, sort]);
  const same = shown.current?.question === question;
  const windows = windowsFor(first, last, same ? shown.current!.total : 0);
  const queries = useQueries({
    queries: windows.map((window) => ({
      queryKey: keys.runWindow(project, q, sort, window * WINDOW),
      queryFn: ({ signal }: { signal: AbortSignal }) => getRuns(project, { q, sort, limit: WINDOW, offset: window * WINDOW }, signal),
      staleTime: 60_000,
    })),
  });

  const head = queries[0]!.data;
  if (head) {
    const pages = new Map<number, RunPage>();
    windows.forEach((window, i) => {
      const page = queries[i]!.data;
      if (page) pages.set(window, page);
    });
    shown.current = { pages, total: head.total, all: head.all, question };
  }
  const current = shown.current;
  const failed = queries.find((query) => query.isError);
  return {
    at: (row) => current?.pages.get(Math.floor(row / WINDOW))?.runs[row % WINDOW],
    rowOf: (id) => {
      for (const [window, page] of current?.pages ?? []) {
        const row = page.runs.findIndex((run) => run.id === id);
        if (row >= 0) return window * WINDOW + row;
      }
      return undefined;
    },
    loaded: current ? [...current.pages.keys()].sort((a, b) => a - b).flatMap((i) => current.pages.get(i)!.runs) : [],
    total: current?.total ?? 0,
    all: current?.all ?? 0,
    known: !!current,
    pending: !current && queries[0]!.isPending,
    outdated: !!current && current.question !== question,
    fetching: queries.some((query) => query.isFetching),
    error: failed?.error,
    retry: () => queries.forEach((query) => { if (query.isError) void query.refetch(); }),
  };
}
