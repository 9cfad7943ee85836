import { useQueries } from '@tanstack/react-query';
import { getRuns } from '../../api/client';
import type { Run } from '../../api/types';
import { quote } from '../filter';
import { keys } from '../queries';
import type { RunWindows } from './useRunWindows';

export const PARENT_TAG = 'mlflow.parentRunId';
/** What the filter says of runs that are part of no other. */
export const TOP_LEVEL = `-tags.${PARENT_TAG}~""`;
/** Runs of one parent shown below it; the run's page leads to all of them. */
export const MAX_CHILDREN = 500;

export const childrenOf = (parent: string): string => `tags.${PARENT_TAG}:${quote(parent)}`;

/** Whether a question is for a parent's runs. */
export const isChildren = (q: unknown): boolean => typeof q === 'string' && q.startsWith(`tags.${PARENT_TAG}:`);

/** An opened parent's runs, as far as they are known. */
export interface Opened {
  /** Its row among the parents. */
  row: number;
  children: readonly Run[];
}

/** Where a row of the table lies: a parent's row, or a child of one. */
export function locate(row: number, opened: readonly Opened[]): { parent: number; child: number | null } {
  let before = 0;
  for (const { row: parent, children } of opened) {
    const at = parent + before;
    if (row <= at) break;
    if (row <= at + children.length) return { parent, child: row - at - 1 };
    before += children.length;
  }
  return { parent: row - before, child: null };
}

/** Parents with the runs of those that are opened below them. */
export interface NestedRuns extends RunWindows {
  /** How deep the row stands: 0 or 1. */
  depth: (row: number) => number;
  /** The row among the parents that a row of the table belongs to. */
  parentRow: (row: number) => number;
  /** Parents that turned out to have no children. */
  childless: ReadonlySet<string>;
}

/** The same runs, with the children of those opened below them. */
export function useNestedRuns(project: number, runs: RunWindows, sort: string, open: readonly string[]): NestedRuns {
  const queries = useQueries({
    queries: open.map((id) => ({
      queryKey: keys.runWindow(project, childrenOf(id), sort, 0),
      queryFn: ({ signal }: { signal: AbortSignal }) => getRuns(project, { q: childrenOf(id), sort, limit: MAX_CHILDREN, offset: 0 }, signal),
      staleTime: 60_000,
    })),
  });
  const opened = open
    .map((id, i): Opened => ({ row: runs.rowOf(id) ?? -1, children: queries[i]?.data?.runs ?? [] }))
    .filter(({ row }) => row >= 0)
    .sort((a, b) => a.row - b.row);
  const find = (row: number): { parent: number; child: number | null } => locate(row, opened);
  const shown = opened.flatMap(({ children }) => children);
  return {
    ...runs,
    at: (row) => {
      const { parent, child } = find(row);
      return child === null ? runs.at(parent) : opened.find((one) => one.row === parent)!.children[child];
    },
    depth: (row) => (find(row).child === null ? 0 : 1),
    parentRow: (row) => find(row).parent,
    childless: new Set(open.filter((_, i) => queries[i]?.data?.runs.length === 0)),
    loaded: shown.length === 0 ? runs.loaded : [...runs.loaded, ...shown],
    total: runs.total + shown.length,
  };
}
