import { X_KINDS, type XKind } from '../../plots/axis';
import { amount, choice, defineCodec, flag, list, optionalList, range, sorting, text, type Sort } from './codec';

/** How charts are drawn; shared by all pages that have any. */
export interface ChartState {
  x: XKind;
  /** EMA weight, 0 to 0.999. */
  smooth: number;
  log: boolean;
  /** On the x axis chosen. */
  zoom: readonly [number, number] | null;
  /** Sections opened or closed against their default. */
  sec: string[];
}

const chartFields = {
  x: choice(X_KINDS),
  smooth: amount(0.999),
  log: flag(),
  zoom: range(),
  sec: list(),
};

export const RUNS_TABS = ['both', 'table', 'charts'] as const;

export interface RunsState extends ChartState {
  q: string;
  sort: Sort | null;
  /** Fields shown after the name; null for those that differ. */
  cols: string[] | null;
  /** Runs chosen for the charts. */
  sel: string[];
  /** Runs kept out of the charts. */
  hide: string[];
  tab: (typeof RUNS_TABS)[number];
  /** Runs that are part of another stand below it. */
  nest: boolean;
  /** Runs whose parts are shown, when nested. */
  open: string[];
}

export const runsCodec = defineCodec<RunsState>({
  q: text(),
  sort: sorting(),
  cols: optionalList(),
  sel: list(),
  hide: list(),
  tab: choice(RUNS_TABS),
  nest: flag(),
  open: list(),
  ...chartFields,
});

export const RUN_TABS = ['overview', 'metrics', 'environment'] as const;
export type RunTab = (typeof RUN_TABS)[number];

export interface RunState extends ChartState {
  tab: RunTab;
}

export const runCodec = defineCodec<RunState>({ tab: choice(RUN_TABS), ...chartFields });
