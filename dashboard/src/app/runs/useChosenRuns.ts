import { useQueries } from '@tanstack/react-query';
import { getRun } from '../../api/client';
import type { Run } from '../../api/types';
import { keys } from '../queries';

/** The chosen runs in the order of choice; those outside the table's windows are read one by one. */
export function useChosenRuns(ids: readonly string[], loaded: readonly Run[]): Run[] {
  const known = new Map(loaded.map((run) => [run.id, run]));
  const others = ids.filter((id) => !known.has(id));
  const queries = useQueries({
    queries: others.map((id) => ({ queryKey: keys.run(id), queryFn: ({ signal }: { signal: AbortSignal }) => getRun(id, signal), staleTime: 60_000 })),
  });
  const fetched = new Map(others.map((id, i) => [id, queries[i]!.data]));
  return ids.flatMap((id) => known.get(id) ?? fetched.get(id) ?? []);
}
