// Made from docs/openapi.json by `npm run api`; not edited by hand.

/** Every path of the API. */
export type Path =
  | '/api/v1/server'
  | '/api/v1/projects'
  | '/api/v1/projects/by-name'
  | '/api/v1/projects/{id}'
  | '/api/v1/projects/{id}/runs'
  | '/api/v1/projects/{id}/columns'
  | '/api/v1/runs'
  | '/api/v1/runs/{id}'
  | '/api/v1/runs/{id}/restore'
  | '/api/v1/runs/{id}/batch'
  | '/api/v1/runs/{id}/journal'
  | '/api/v1/runs/{id}/rewind'
  | '/api/v1/runs/{id}/fork'
  | '/api/v1/studies'
  | '/api/v1/studies/{id}'
  | '/api/v1/studies/{id}/trials'
  | '/api/v1/studies/{id}/trials/{number}'
  | '/api/v1/studies/{id}/ask'
  | '/api/v1/studies/{id}/trials/{number}/tell'
  | '/api/v1/studies/{id}/turn'
  | '/api/v1/studies/{id}/trials/{number}/report'
  | '/api/v1/studies/{id}/trials/{number}/checkpoint'
  | '/api/v1/studies/{id}/trials/{number}/release'
  | '/api/v1/studies/{id}/heartbeat'
  | '/api/v1/metrics'
  | '/api/v1/runs/{id}/history'
  | '/api/v1/storage'
  | '/api/v1/gc'
  | '/api/v1/logged-models'
  | '/api/v1/logged-models/{id}'
  | '/api/v1/registered-models'
  | '/api/v1/registered-models/{name}'
  | '/api/v1/changes'
  | '/api/v1/events'
  | '/api/v1/webhooks/{id}/deliveries'
  | '/api/v1/runs/{id}/lineage'
  | '/api/v1/datasets'
  | '/api/v1/artifacts'
  | '/api/v1/artifacts/info'
  | '/api/v1/artifacts/files/{path}'
  | '/api/v1/runs/{id}/artifacts'
  | '/api/v1/runs/{id}/artifacts/{path}'
  | '/health'
  | '/version'
  | '/metrics';

/** A registered model with all that belongs to it, as exports keep it. A snapshot. */
export interface ArchivedModel {
  name: string;
  description?: null | string;
  createdAt?: number;
  updatedAt?: number;
  lastVersion?: number;
  tags?: Record<string, string>;
  aliases?: Record<string, number>;
  versions?: (ArchivedVersion)[];
}

/** Registered models with all that belongs to them. */
export interface ArchivedModelList {
  models: (ArchivedModel)[];
}

/** One version of an ArchivedModel. */
export interface ArchivedVersion {
  version: number;
  source: string;
  location?: string;
  runId?: null | string;
  runLink?: null | string;
  modelId?: null | string;
  description?: null | string;
  stage?: ModelStage;
  createdAt?: number;
  updatedAt?: number;
  tags?: Record<string, string>;
}

/** A file or a folder in the tree of artifacts. A snapshot. */
export interface Artifact {
  path: string;
  hash?: null | string;
  size?: number;
  writtenAt?: number;
}

/** What lies right below a folder of artifacts. */
export interface ArtifactList {
  artifacts: (Artifact)[];
}

/** What an ask gives. */
export interface AskAnswer {
  trials?: (TrialInfo)[];
  state: StudyState;
  reason?: null | string;
  retryAfter?: number | 'NaN' | 'Infinity' | '-Infinity';
  heartbeatSeconds?: number | 'NaN' | 'Infinity' | '-Infinity';
}

/** The body of POST /studies/{id}/ask. */
export interface AskRequest {
  agent: string;
  count?: number;
  key?: null | string;
  logsRuns?: boolean;
}

/** The body of POST /studies/{id}/trials/{number}/checkpoint. */
export interface CheckpointRequest {
  path: string;
  step?: null | number;
  attempt: number;
}

/** What to purge. */
export interface CollectQuery {
  runs?: null | (string)[];
  project?: number;
  olderThan?: null | number;
  dryRun?: boolean;
}

/** What was purged, or in a dry run would be. */
export interface CollectReport {
  runs?: number;
  projects?: number;
  points?: number;
  loggedModels?: number;
  journals?: number;
  blobs?: number;
  bytes?: number;
  freedBytes?: number;
  kept?: (KeptRun)[];
}

/** A dataset as one run used it. */
export interface DatasetInput {
  dataset: TrackedDataset;
  tags?: Record<string, string>;
}

/** Datasets that runs read. */
export interface DatasetList {
  datasets: (DatasetSummary)[];
}

/** A dataset that runs of a project read. */
export interface DatasetSummary {
  project: ProjectId;
  name: string;
  digest: string;
  context: null | string;
}

/** How a delivery stands. */
export type DeliveryState = 'waiting' | 'delivered' | 'failed';

/** Whether smaller or larger values are better. The numbers are persisted; append only. */
export type Direction = 'minimize' | 'maximize';

/** What a study does with a proposal that equals an earlier trial. The numbers are persisted; append only. */
export type DuplicatePolicy = 'allow' | 'reask' | 'reuse';

/** The body of POST /studies/{id}/trials. */
export interface EnqueueRequest {
  params: unknown;
  priority?: number;
}

/** The body of every refusal. */
export interface ErrorBody {
  error: ErrorDetail;
}

/** A refusal. */
export interface ErrorDetail {
  code: string;
  message: string;
  hint: null | string;
  retryable: boolean;
}

/** Trials to stop. */
export interface HeartbeatAnswer {
  stop: (TrialStop)[];
  state: StudyState;
}

/** The body of POST /studies/{id}/heartbeat. */
export interface HeartbeatRequest {
  trials: (Record<string, unknown>)[];
}

/** What a store says to a piece of a journal. */
export interface JournalReceipt {
  offset: number;
  skippedLines: number;
  purged?: boolean;
}

export type JsonElement = unknown;

/** A run in the trash that is not purged. */
export interface KeptRun {
  run: RunId;
  reason: string;
}

/** The number of a lease. */
export interface LeaseRequest {
  attempt: number;
}

/** Whether a project or run is in use or in the trash. Persisted; append only. */
export type Lifecycle = 'active' | 'deleted';

/** A model that a run logged: its files lie below string LoggedModel.ArtifactUri. A snapshot. */
export interface LoggedModel {
  id: string;
  projectId: ProjectId;
  name: string;
  modelType?: string;
  sourceRun?: string;
  status?: LoggedModelStatus;
  createdAt?: number;
  updatedAt?: number;
  artifactUri?: string;
  params?: Record<string, string>;
  tags?: Record<string, string>;
  metrics?: (ModelMetric)[];
}

/** Logged models of a project. */
export interface LoggedModelList {
  models: (LoggedModel)[];
}

/** How far a logged model's upload is. MLflow's numbers; persisted; append only. */
export type LoggedModelStatus = 'unspecified' | 'pending' | 'ready' | 'uploadFailed';

/** A piece of a metric's history. */
export interface MetricHistory {
  points: (MetricPoint)[];
}

/** One observation of one metric. */
export interface MetricPoint {
  key?: string;
  value?: number | 'NaN' | 'Infinity' | '-Infinity';
  time?: number;
  step?: number;
}

/** A metric's history for a chart: every point, or one entry a bucket that keeps the extremes. */
export interface MetricSeries {
  run: RunId;
  key: string;
  count?: number;
  bucketed?: boolean;
  steps: (number)[];
  times: (number)[];
  values: (number | 'NaN' | 'Infinity' | '-Infinity')[];
  min?: null | (number | 'NaN' | 'Infinity' | '-Infinity')[];
  max?: null | (number | 'NaN' | 'Infinity' | '-Infinity')[];
}

/** What is known of a metric without reading its history. */
export interface MetricSummary {
  last?: number | 'NaN' | 'Infinity' | '-Infinity';
  lastStep?: number;
  lastTime?: number;
  min?: number | 'NaN' | 'Infinity' | '-Infinity';
  max?: number | 'NaN' | 'Infinity' | '-Infinity';
  mean?: number | 'NaN' | 'Infinity' | '-Infinity';
  count?: number;
}

/** One observation of a logged model. */
export interface ModelMetric {
  modelId: string;
  point: MetricPoint;
  datasetName?: null | string;
  datasetDigest?: null | string;
  run?: string;
}

/** A logged model that a run made. */
export interface ModelOutput {
  modelId: string;
  step: number;
}

/** Where a version stands on its way into use. Aliases say the same with names of one's own. */
export type ModelStage = 'none' | 'staging' | 'production' | 'archived';

/** Something of a catalogue, and its options. */
export interface NamedOptions {
  name: string;
  options?: unknown;
}

/** What a new project is made of. */
export interface NewProject {
  name: string;
  artifactLocation?: null | string;
  tags?: Record<string, string>;
}

/** What a new run is made of. */
export interface NewRun {
  id: string;
  projectId: number;
  name?: null | string;
  user?: string;
  startedAt?: null | number;
  tags?: Record<string, string>;
}

/** What a new study is made of. */
export interface NewStudy {
  project: string;
  name?: null | string;
  spec: Record<string, unknown>;
  allowExisting?: boolean;
}

/** An assignment of values to the active parameters of one trial. Immutable; keeps the order in which it was built; equal when it holds the same names with the same values, in any order. */
export type Params = unknown;

/** A named group of runs; MLflow's REST calls it an experiment. A snapshot. */
export interface Project {
  id: ProjectId;
  name: string;
  lifecycle?: Lifecycle;
  artifactLocation?: null | string;
  createdAt?: number;
  updatedAt?: number;
  deletedAt?: null | number;
  tags?: Record<string, string>;
  runs?: RunCounts;
  lastRunAt?: null | number;
}

/** What to change in a project; null leaves a field as it is. */
export interface ProjectChange {
  name?: null | string;
  lifecycle?: 'active' | 'deleted' | null;
  tags?: Record<string, string>;
}

/** A project's id. */
export type ProjectId = number;

/** Projects found. */
export interface ProjectPage {
  projects: (Project)[];
  total: number;
}

/** What a project takes. */
export interface ProjectUse {
  id: ProjectId;
  name: string;
  lifecycle?: Lifecycle;
  runs?: number;
  trashed?: number;
  points?: number;
  trashedPoints?: number;
  bytes?: number;
}

/** What a trial reported on its way. */
export interface Report {
  step?: number;
  values?: (number | 'NaN' | 'Infinity' | '-Infinity')[];
}

/** What a report hears. */
export interface ReportAnswer {
  stop: boolean;
  reason?: null | string;
}

/** The body of POST /studies/{id}/trials/{number}/report. */
export interface ReportRequest {
  step: number;
  values: (number | 'NaN' | 'Infinity' | '-Infinity')[];
  attempt: number;
}

/** One execution of a program, with all that is known of it but metric histories. A snapshot. */
export interface Run {
  id: RunId;
  projectId: ProjectId;
  name: string;
  status?: RunStatus;
  lifecycle?: Lifecycle;
  user?: string;
  startedAt?: null | number;
  endedAt?: null | number;
  deletedAt?: null | number;
  artifactUri?: string;
  version?: number;
  params?: Record<string, string>;
  tags?: Record<string, string>;
  metrics?: Record<string, MetricSummary>;
  lineage?: RunLineage;
}

/** Things to log to one run, taken all or none. */
export interface RunBatch {
  metrics?: (Record<string, unknown>)[];
  params?: (Record<string, unknown>)[];
  tags?: (Record<string, unknown>)[];
  revisions?: (Record<string, unknown>)[];
}

/** Runs that changed, and how far that goes. */
export interface RunChanges {
  runs: (Run)[];
  version: number;
}

/** A param, metric or tag as a column of a table of runs. */
export interface RunColumn {
  field: string;
  runs: number;
  distinct: number;
}

/** Columns of the runs that pass a filter. */
export interface RunColumns {
  runs: number;
  columns: (RunColumn)[];
}

/** Runs of a project by status; those in the trash are not counted. */
export interface RunCounts {
  total?: number;
  running?: number;
  scheduled?: number;
  finished?: number;
  failed?: number;
  killed?: number;
  stale?: number;
}

/** What differs between two snapshots of one run: what is null or absent stayed as it was. */
export interface RunDelta {
  id: string;
  version: number;
  delta?: boolean;
  name?: null | string;
  status?: 'running' | 'scheduled' | 'finished' | 'failed' | 'killed' | 'stale' | null;
  lifecycle?: 'active' | 'deleted' | null;
  endedAt?: null | number;
  params?: null | Record<string, string>;
  tags?: null | Record<string, string>;
  removedTags?: null | (string)[];
  metrics?: null | Record<string, Record<string, unknown>>;
}

/** The body of POST /runs/{id}/fork. */
export interface RunFork {
  step: number;
  id?: string;
}

/** A run's id. */
export type RunId = string;

/** What a run read and made besides files. */
export interface RunLineage {
  datasets?: (DatasetInput)[];
  modelInputs?: (string)[];
  modelOutputs?: (ModelOutput)[];
}

/** Runs found. */
export interface RunPage {
  runs: (Run)[];
  more: boolean;
  total: null | number;
  all: null | number;
}

/** The body of PATCH /runs/{id}: a change, and tags to set or (null) remove. */
export interface RunPatch {
  name?: null | string;
  status?: 'running' | 'scheduled' | 'finished' | 'failed' | 'killed' | 'stale' | null;
  endedAt?: null | number;
  lifecycle?: 'active' | 'deleted' | null;
  tags?: null | Record<string, string>;
}

/** The body of POST /runs/{id}/rewind. */
export interface RunRewind {
  step: number;
}

/** Where a run stands. 1 to 5 are MLflow's numbers; persisted and sent; append only. */
export type RunStatus = 'running' | 'scheduled' | 'finished' | 'failed' | 'killed' | 'stale';

/** The parameters of a search and when each is active. Immutable. The only place that knows kinds of parameters: samplers see the unit cube, one coordinate in [0, 1] per parameter, NaN where a parameter is inactive. */
export type SearchSpace = unknown;

/** Histories for charts. */
export interface SeriesPage {
  series: (MetricSeries)[];
}

/** What a server says of itself. */
export interface ServerInfo {
  name: string;
  version: string;
  dataFolder: string;
  startedAt: number;
}

/** What takes how much, in bytes. */
export interface StorageUse {
  database?: number;
  free?: number;
  journals?: number;
  artifacts?: number;
  projects?: (ProjectUse)[];
}

/** What a study may use; null = without limit. */
export interface StudyBudget {
  trials?: null | number;
  hours?: number | 'NaN' | 'Infinity' | '-Infinity';
  parallel?: null | number;
}

/** A metric to make small or large. */
export interface StudyGoal {
  metric: string;
  direction?: Direction;
}

/** A study's id: a small number given by the store, written in decimal. */
export type StudyId = unknown;

/** A study as it stood: what it searches for, and how far it is. */
export interface StudyInfo {
  id: StudyId;
  projectId: ProjectId;
  project: string;
  name: string;
  state: StudyState;
  reason?: null | string;
  spec: StudySpec;
  version?: number;
  createdAt?: number;
  startedAt?: null | number;
  endedAt?: null | number;
  trials?: number;
  counts?: TrialCounts;
  best?: null | TrialInfo;
  samplerReason?: null | string;
}

/** Studies found. */
export interface StudyList {
  studies: (StudyInfo)[];
}

/** The body of PATCH /studies/{id}; null leaves a field as it is. */
export interface StudyPatch {
  state?: 'running' | 'paused' | 'stopped' | 'finished' | null;
  reason?: null | string;
  budget?: Record<string, unknown>;
  retryFailed?: boolean;
}

/** What a study searches for, and how. Kept whole, as it was sent. */
export interface StudySpec {
  goals: (StudyGoal)[];
  space?: SearchSpace;
  sampler?: NamedOptions;
  pruner?: NamedOptions;
  terminators?: (NamedOptions)[];
  seed?: number;
  budget?: StudyBudget;
  duplicates?: DuplicatePolicy;
  repeatableWidth?: number;
  retries?: number;
  maxLosses?: number;
  firstFailures?: number;
  leaseSeconds?: number | 'NaN' | 'Infinity' | '-Infinity';
  program?: null | JsonElement;
}

/** Where a study stands. The numbers are persisted; append only. */
export type StudyState = 'running' | 'paused' | 'stopped' | 'finished';

/** The body of POST /studies/{id}/trials/{number}/tell. */
export interface TellRequest {
  state?: 'running' | 'complete' | 'pruned' | 'failed' | 'waiting';
  values?: (number | 'NaN' | 'Infinity' | '-Infinity')[];
  constraints?: (number | 'NaN' | 'Infinity' | '-Infinity')[];
  failure?: null | string;
  attempt: number;
}

/** Data that runs read: unique in its project by name and digest. */
export interface TrackedDataset {
  name: string;
  digest: string;
  sourceType: string;
  source: string;
  schema?: null | string;
  profile?: null | string;
}

/** How many trials are in each state. */
export interface TrialCounts {
  waiting?: number;
  running?: number;
  complete?: number;
  pruned?: number;
  failed?: number;
}

/** A trial as it stood. */
export interface TrialInfo {
  number: number;
  state: TrialState;
  params: Params;
  values?: (number | 'NaN' | 'Infinity' | '-Infinity')[];
  constraints?: (number | 'NaN' | 'Infinity' | '-Infinity')[];
  reports?: (Report)[];
  failure?: null | string;
  run?: null | RunId;
  agent?: null | string;
  attempt?: number;
  losses?: number;
  priority?: number;
  checkpoint?: null | string;
  checkpointStep?: null | number;
  createdAt?: number;
  startedAt?: null | number;
  endedAt?: null | number;
}

/** Trials found. */
export interface TrialPage {
  trials: (TrialInfo)[];
  total: number;
}

/** Where a trial stands. The numbers are persisted; append only. */
export type TrialState = 'running' | 'complete' | 'pruned' | 'failed' | 'waiting';

/** A trial to stop. */
export interface TrialStop {
  number: number;
  reason: string;
}

/** What a turn hears. */
export interface TurnAnswer {
  told?: (TurnTold)[];
  ask?: null | AskAnswer;
}

/** The body of POST /studies/{id}/turn: what an agent has to say and to ask, in one request. */
export interface TurnRequest {
  ended?: (Record<string, unknown>)[];
  ask?: Record<string, unknown>;
}

/** What became of a tell. */
export interface TurnTold {
  trial?: null | TrialInfo;
  error?: null | ErrorDetail;
  taken?: null | number;
}

/** A webhook's log. */
export interface WebhookDeliveries {
  deliveries: (WebhookDelivery)[];
}

/** One event on its way to one webhook. */
export interface WebhookDelivery {
  id: string;
  event: string;
  state?: DeliveryState;
  attempts?: number;
  createdAt?: number;
  triedAt?: null | number;
  httpStatus?: null | number;
  error?: null | string;
}
