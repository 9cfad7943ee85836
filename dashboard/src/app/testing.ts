import type { Run } from '../api/types';

/** A run for tests. */
export const run = (change: Partial<Run> = {}): Run => ({
  id: 'a', projectId: 1, name: 'n', status: 'finished', lifecycle: 'active', user: 'ada', startedAt: 1000, endedAt: 4500, version: 1,
  params: {}, tags: {}, metrics: {}, ...change,
});
