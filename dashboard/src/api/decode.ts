import type { Project, Run, Series, Summary } from './types';

/** JSON has no NaN or infinities; the server writes them as strings, and so may any number be absent. */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  return NaN;
}

const numbers = (list: unknown): number[] => (Array.isArray(list) ? list.map(toNumber) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const time = (value: unknown): number | null => (typeof value === 'number' ? value : null);

type Json = Record<string, unknown>;

function decodeSummary(json: Json): Summary {
  return {
    last: toNumber(json.last),
    lastStep: toNumber(json.lastStep),
    lastTime: toNumber(json.lastTime),
    min: toNumber(json.min),
    max: toNumber(json.max),
    mean: toNumber(json.mean),
    count: toNumber(json.count),
  };
}

export function decodeRun(json: Json): Run {
  const metrics: Record<string, Summary> = {};
  for (const [key, value] of Object.entries((json.metrics ?? {}) as Record<string, Json>)) metrics[key] = decodeSummary(value);
  return {
    id: text(json.id),
    projectId: toNumber(json.projectId),
    name: text(json.name),
    status: (json.status ?? 'finished') as Run['status'],
    lifecycle: (json.lifecycle ?? 'active') as Run['lifecycle'],
    user: text(json.user),
    startedAt: time(json.startedAt),
    endedAt: time(json.endedAt),
    version: typeof json.version === 'number' ? json.version : 0,
    params: (json.params ?? {}) as Record<string, string>,
    tags: (json.tags ?? {}) as Record<string, string>,
    metrics,
  };
}

export function decodeProject(json: Json): Project {
  const counts = (json.runs ?? {}) as Partial<Project['runs']>;
  return {
    ...(json as unknown as Project),
    tags: (json.tags ?? {}) as Record<string, string>,
    runs: { total: 0, running: 0, finished: 0, failed: 0, killed: 0, stale: 0, scheduled: 0, ...counts },
    lastRunAt: time(json.lastRunAt),
  };
}

export function decodeSeries(json: Json): Series {
  const bucketed = json.bucketed === true;
  return {
    run: text(json.run),
    key: text(json.key),
    count: toNumber(json.count),
    bucketed,
    steps: numbers(json.steps),
    times: numbers(json.times),
    values: numbers(json.values),
    ...(bucketed ? { min: numbers(json.min), max: numbers(json.max) } : {}),
  };
}
