import type { Run } from '../../api/types';

export interface ChartSpec {
  key: string;
  /** Greatest number of points any drawn run has: 1 is compared by dots, more is a line. */
  points: number;
}

export interface Section {
  /** Prefix before the first `/`; empty for metrics without one. */
  name: string;
  charts: ChartSpec[];
}

/** Charts of these runs by prefix: plain metrics first, `system` last; within a section lines before dots, then by name. */
export function sectionsOf(runs: readonly Run[]): Section[] {
  const points = new Map<string, number>();
  for (const run of runs) {
    for (const [key, summary] of Object.entries(run.metrics)) points.set(key, Math.max(points.get(key) ?? 0, summary.count));
  }
  const sections = new Map<string, ChartSpec[]>();
  for (const [key, count] of points) {
    const slash = key.indexOf('/');
    const name = slash > 0 ? key.slice(0, slash) : '';
    const charts = sections.get(name) ?? [];
    charts.push({ key, points: count });
    sections.set(name, charts);
  }
  const rank = (name: string): number => (name === '' ? 0 : name === 'system' ? 2 : 1);
  return [...sections]
    .map(([name, charts]) => ({
      name,
      charts: charts.sort((a, b) => Number(b.points > 1) - Number(a.points > 1) || natural(a.key, b.key)),
    }))
    .sort((a, b) => rank(a.name) - rank(b.name) || natural(a.name, b.name));
}

const natural = new Intl.Collator('en', { numeric: true }).compare;

/** Charts open without asking; the sections after that many begin closed. */
const OPEN_CHARTS = 24;

/** Which sections are open: by default as many as hold the first 24 charts, turned over by those in `toggled`. */
export function openSections(sections: readonly Section[], toggled: readonly string[]): Set<string> {
  const open = new Set<string>();
  let before = 0;
  for (const section of sections) {
    if ((before < OPEN_CHARTS) !== toggled.includes(section.name)) open.add(section.name);
    before += section.charts.length;
  }
  return open;
}
