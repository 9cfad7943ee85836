/** Checked by the compiler alone: what the dashboard believes of the API is what the API says of itself. */
import type * as app from './types';
import type * as wire from './schema';

/** What `decode` makes of a value: names of odd numbers become numbers, null becomes absent. */
type Decoded<T> = T extends 'NaN' | 'Infinity' | '-Infinity' ? number
  : T extends (infer U)[] ? Decoded<U>[]
  : T extends object ? { [K in keyof T]-?: Decoded<NonNullable<T[K]>> }
  : T;

/** Fields that the dashboard reads and the API lacks, or has with another type. */
type Odd<App, Wire> = {
  [K in keyof App]-?: K extends keyof Wire ? (Decoded<NonNullable<Wire[K]>> extends NonNullable<App[K]> ? never : K) : K;
}[keyof App];

type Fits<App, Wire> = [Odd<App, Wire>] extends [never] ? true : Odd<App, Wire>;

export const checked: {
  run: Fits<app.Run, wire.Run>;
  summary: Fits<app.Summary, wire.MetricSummary>;
  project: Fits<app.Project, wire.Project>;
  page: Fits<app.RunPage, wire.RunPage>;
  column: Fits<app.Column, wire.RunColumn>;
  series: Fits<app.Series, wire.MetricSeries>;
  server: Fits<app.ServerInfo, wire.ServerInfo>;
  paths: [`/api/v1/${'server' | 'projects' | 'projects/{id}' | 'projects/{id}/runs' | 'projects/{id}/columns' | 'runs/{id}' | 'metrics' | 'events'}`] extends [wire.Path] ? true : false;
} = { run: true, summary: true, project: true, page: true, column: true, series: true, server: true, paths: true };
