import { QueryClient, type QueryClient as Client } from '@tanstack/react-query';
import { ApiError } from '../api/client';
import type { Project, Run, RunPage } from '../api/types';

/** Cache keys, all in one place. */
export const keys = {
  server: ['server'] as const,
  projects: ['projects'] as const,
  project: (id: number) => ['project', id] as const,
  runs: (project: number) => ['runs', project] as const,
  runWindow: (project: number, q: string, sort: string, offset: number) => ['runs', project, q, sort, offset] as const,
  columns: (project: number, q: string) => ['columns', project, q] as const,
  run: (id: string) => ['run', id] as const,
  series: (run: string, key: string, range: string, buckets: number) => ['series', run, key, range, buckets] as const,
};

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The event stream keeps data fresh; a window regaining focus is no news.
        refetchOnWindowFocus: false,
        staleTime: 5_000,
        retry: (failures, error) => failures < 3 && error instanceof ApiError && error.retryable,
        retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 5_000),
      },
    },
  });
}

/** The window with newer versions of its runs put in their places; the same object if nothing changed. */
export function patchPage(page: RunPage, changed: ReadonlyMap<string, Run>): RunPage {
  let touched = false;
  const runs = page.runs.map((run) => {
    const next = changed.get(run.id);
    if (!next || next.version < run.version) return run;
    touched = true;
    return next;
  });
  return touched ? { ...page, runs } : page;
}

/** Puts changed runs where they are shown, moving nothing. Returns those shown nowhere in their project's windows. */
export function patchRuns(client: Client, project: number, runs: readonly Run[]): Run[] {
  const changed = new Map(runs.map((run) => [run.id, run]));
  const shown = new Set<string>();
  client.setQueriesData<RunPage>({ queryKey: keys.runs(project) }, (page) => {
    if (!page) return page;
    for (const run of page.runs) shown.add(run.id);
    return patchPage(page, changed);
  });
  for (const run of runs) {
    client.setQueryData<Run>(keys.run(run.id), (old) => (old && old.version > run.version ? old : run));
  }
  return runs.filter((run) => !shown.has(run.id));
}

/** Counts of all projects together. */
export function countRunning(projects: readonly Project[]): number {
  return projects.reduce((n, project) => n + project.runs.running, 0);
}
