/** The native REST API, version 1, as the dashboard sees it. Times are milliseconds since 1970 UTC. */

export const STATUSES = ['running', 'scheduled', 'finished', 'failed', 'killed', 'stale'] as const;
export type Status = (typeof STATUSES)[number];

export interface Project {
  id: number;
  name: string;
  createdAt: number;
  updatedAt: number;
  lifecycle: 'active' | 'deleted';
  tags: Record<string, string>;
  runs: Record<Status | 'total', number>;
  lastRunAt: number | null;
}

/** What is known of one metric of one run without reading its points. */
export interface Summary {
  last: number;
  lastStep: number;
  lastTime: number;
  min: number;
  max: number;
  mean: number;
  count: number;
}

export interface Run {
  id: string;
  projectId: number;
  name: string;
  status: Status;
  lifecycle: 'active' | 'deleted';
  user: string;
  startedAt: number | null;
  endedAt: number | null;
  version: number;
  params: Record<string, string>;
  tags: Record<string, string>;
  metrics: Record<string, Summary>;
}

/** One window of a project's runs: `total` match the filter, `all` exist. */
export interface RunPage {
  runs: Run[];
  total: number;
  all: number;
}

/** A field some runs have: how many have it, and how many different values they hold. */
export interface Column {
  field: string;
  runs: number;
  distinct: number;
}

/**
 * Points of one metric of one run in step order. When `bucketed`, an entry stands for a bucket of points:
 * its last point, and in `min`/`max` its extremes.
 */
export interface Series {
  run: string;
  key: string;
  count: number;
  bucketed: boolean;
  steps: number[];
  times: number[];
  values: number[];
  min?: number[];
  max?: number[];
}

export interface ServerInfo {
  name: string;
  version: string;
  dataFolder: string;
  startedAt: number;
}
