import { decodeProject, decodeRun, decodeSeries } from './decode';
import type { Column, Project, Run, RunPage, Series, ServerInfo } from './types';

export const BASE = '/api/v1';

/** A refusal by the server, or (status 0) a server that could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string = '',
    readonly retryable: boolean = false,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

type Json = Record<string, unknown>;

async function get(path: string, signal?: AbortSignal): Promise<Json> {
  let response: Response;
  try {
    response = await fetch(BASE + path, { signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', 'The server cannot be reached.', 'Is `lode up` still running?', true);
  }
  // Signed out, or the server has a new token: the form leads back here.
  if (response.status === 401) globalThis.location?.assign(`/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`);
  const content = await response.text();
  let json: Json = {};
  try {
    json = content ? (JSON.parse(content) as Json) : {};
  } catch {
    if (response.ok) throw new ApiError(response.status, 'bad_response', `GET ${path} did not answer with JSON.`);
  }
  if (response.ok) return json;
  const error = (json.error ?? {}) as { code?: string; message?: string; hint?: string; retryable?: boolean };
  throw new ApiError(
    response.status,
    error.code ?? 'http',
    error.message ?? `GET ${path} failed with HTTP ${response.status}.`,
    error.hint ?? '',
    error.retryable ?? response.status >= 500,
  );
}

export async function getServer(signal?: AbortSignal): Promise<ServerInfo> {
  return (await get('/server', signal)) as unknown as ServerInfo;
}

export async function getProjects(signal?: AbortSignal): Promise<Project[]> {
  const json = await get('/projects', signal);
  return (json.projects as Json[]).map(decodeProject);
}

export async function getProject(id: number, signal?: AbortSignal): Promise<Project> {
  return decodeProject(await get(`/projects/${id}`, signal));
}

export interface RunQuery {
  q: string;
  /** `FIELD asc|desc`; empty for the server's own order (newest first). */
  sort: string;
  limit: number;
  offset: number;
}

export async function getRuns(project: number, query: RunQuery, signal?: AbortSignal): Promise<RunPage> {
  const search = new URLSearchParams({ limit: String(query.limit), offset: String(query.offset) });
  if (query.q) search.set('q', query.q);
  if (query.sort) search.set('sort', query.sort);
  const json = await get(`/projects/${project}/runs?${search}`, signal);
  return { runs: (json.runs as Json[]).map(decodeRun), total: Number(json.total), all: Number(json.all) };
}

export async function getColumns(project: number, q: string, signal?: AbortSignal): Promise<Column[]> {
  const search = q ? `?${new URLSearchParams({ q })}` : '';
  const json = await get(`/projects/${project}/columns${search}`, signal);
  return json.columns as Column[];
}

export async function getRun(id: string, signal?: AbortSignal): Promise<Run> {
  return decodeRun(await get(`/runs/${encodeURIComponent(id)}`, signal));
}

export interface SeriesQuery {
  runs: string[];
  keys: string[];
  buckets: number;
  /** Steps, both ends included. */
  range: readonly [number, number] | null;
}

export async function getSeries(query: SeriesQuery, signal?: AbortSignal): Promise<Series[]> {
  const search = new URLSearchParams();
  for (const run of query.runs) search.append('run', run);
  for (const key of query.keys) search.append('key', key);
  search.set('buckets', String(query.buckets));
  if (query.range) {
    search.set('from', String(query.range[0]));
    search.set('to', String(query.range[1]));
  }
  const json = await get(`/metrics?${search}`, signal);
  return (json.series as Json[]).map(decodeSeries);
}
