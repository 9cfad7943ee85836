import type { Column, Run } from '../../api/types';
import { formatDuration, formatNumber } from '../../plots/format';

/** Fields every run has, that may be columns of the table. */
export const BUILT_IN = ['started', 'duration', 'ended', 'user'] as const;

const PARAMS = 4;
const METRICS = 2;
const natural = new Intl.Collator('en', { numeric: true }).compare;

const isParam = (column: Column): boolean => column.field.startsWith('params.');
const isMetric = (column: Column): boolean => column.field.startsWith('metrics.');
const isSystem = (column: Column): boolean => column.field.startsWith('metrics.system/');

/**
 * Columns as the picker lists them: metrics, parameters, what the machine measured, tags; within each those that differ
 * first, then by how many runs have them (in fifths, so that one run more or less does not decide), then by name.
 */
export function byInterest(columns: readonly Column[]): Column[] {
  const rank = (column: Column): number => (isSystem(column) ? 2 : isMetric(column) ? 0 : isParam(column) ? 1 : 3);
  const most = Math.max(1, ...columns.map((column) => column.runs));
  const coverage = (column: Column): number => Math.ceil((5 * column.runs) / most);
  return [...columns].sort(
    (a, b) => rank(a) - rank(b) || Number(b.distinct > 1) - Number(a.distinct > 1) || coverage(b) - coverage(a) || natural(a.field, b.field),
  );
}

/** The tag of a project that names the metric its runs are judged by. */
export const MAIN_METRIC_TAG = 'lode.metric';

/**
 * Fields shown when nobody chose: ≤ 2 metrics, the project's main one first, and ≤ 4 parameters that differ between the runs, most common first; of one
 * single run whatever it has. Those shown `before` keep their places, so that live news never swaps columns under the reader.
 */
export function defaultFields(columns: readonly Column[], runs: number, before: readonly string[] = [], main?: string): string[] {
  const ordered = byInterest(columns).filter((column) => column.distinct > 1 || runs <= 1);
  const wanted = main === undefined ? before : [`metrics.${main}`, ...before];
  const pick = (kind: (column: Column) => boolean, most: number, prefix: string): string[] => {
    const fields = ordered.filter(kind).map((column) => column.field);
    const kept = wanted.filter((field) => field.startsWith(prefix) && columns.some((column) => column.field === field));
    return [...new Set([...kept, ...fields])].slice(0, most);
  };
  return [...pick(isMetric, METRICS, 'metrics.'), ...pick(isParam, PARAMS, 'params.'), 'duration', 'started'];
}

/** `params.lr` → `lr`; the whole field where that would be a name twice. */
export function labelOf(field: string, all: readonly string[]): string {
  const bare = bareOf(field);
  return all.some((other) => other !== field && bareOf(other) === bare) ? field : bare;
}

function bareOf(field: string): string {
  return /^(?:params|metrics|tags)\.(.+)$/s.exec(field)?.[1] ?? field;
}

export interface CellText {
  text: string;
  /** In full, for the title. */
  full: string;
  numeric: boolean;
}

const AGGREGATES = ['last', 'min', 'max', 'mean', 'count'] as const;

/** What a run has to say to a field. `now` ends the duration of a run that is still running. */
export function cellOf(run: Run, field: string, now: number): CellText {
  if (field.startsWith('params.')) {
    const value = run.params[field.slice('params.'.length)];
    return value === undefined ? NOTHING : textCell(value);
  }
  if (field.startsWith('tags.')) {
    const value = run.tags[field.slice('tags.'.length)];
    return value === undefined ? NOTHING : { text: value, full: value, numeric: false };
  }
  if (field.startsWith('metrics.')) {
    const key = field.slice('metrics.'.length);
    const whole = run.metrics[key];
    if (whole) return numberCell(whole.last);
    for (const aggregate of AGGREGATES) {
      const summary = key.endsWith(`.${aggregate}`) ? run.metrics[key.slice(0, -aggregate.length - 1)] : undefined;
      if (summary) return numberCell(summary[aggregate]);
    }
    return NOTHING;
  }
  if (field === 'duration') {
    const ms = durationOf(run, now);
    return { text: formatDuration(ms), full: ms === null ? '' : `${ms} ms`, numeric: true };
  }
  if (field === 'user') return { text: run.user, full: run.user, numeric: false };
  return NOTHING;
}

const NOTHING: CellText = { text: '', full: '', numeric: false };

function numberCell(value: number): CellText {
  return { text: formatNumber(value), full: String(value), numeric: true };
}

/** Parameters are text on the wire; those that are numbers are shown as numbers. */
function textCell(value: string): CellText {
  const number = Number(value);
  if (value.trim() === '' || Number.isNaN(number)) return { text: value, full: value, numeric: false };
  return { text: formatNumber(number), full: value, numeric: true };
}

/** From start to end, or to now while running; null when it never started or its end is unknown. */
export function durationOf(run: Run, now: number): number | null {
  if (run.startedAt === null) return null;
  if (run.endedAt !== null) return run.endedAt - run.startedAt;
  return run.status === 'running' ? Math.max(0, now - run.startedAt) : null;
}

/** px; wide enough for the heading, within reason. */
export function widthOf(field: string, label: string): number {
  const least = field === 'started' || field === 'ended' ? 96 : field.startsWith('tags.') ? 120 : 78;
  return Math.min(176, Math.max(least, 40 + label.length * 6.6));
}
