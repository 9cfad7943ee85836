import { formatDuration, formatNumber } from './format';

/** What the x axis of a line chart counts: steps, ms since the run began, or ms since 1970. */
export const X_KINDS = ['step', 'relative', 'wall'] as const;
export type XKind = (typeof X_KINDS)[number];

export const X_LABELS: Record<XKind, string> = { step: 'step', relative: 'relative time', wall: 'wall time' };

/** Tick distances for time axes, in ms. */
export const TIME_STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
  1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000, 2_592_000_000,
];

/** Tick distances for counts: 1, 2, 5 and their tenfolds. */
export const STEP_STEPS = Array.from({ length: 16 }, (_, i) => [1, 2, 5].map((m) => m * 10 ** i)).flat();

export function formatX(value: number, kind: XKind): string {
  if (kind === 'step') return formatNumber(value, 9);
  if (kind === 'relative') return formatDuration(value);
  return new Date(value).toLocaleString(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** Tick labels; ms ticks of less than a minute keep their decimals only when they need them. */
export function formatTick(value: number, gap: number, kind: XKind): string {
  if (kind === 'step') return compact(value);
  if (kind === 'relative') {
    if (value === 0) return '0';
    if (gap < 1000) return `${Number((value / 1000).toFixed(3))} s`;
    if (gap < 60_000) return value < 60_000 ? `${value / 1000} s` : `${Math.floor(value / 60_000)}:${String(Math.round(value / 1000) % 60).padStart(2, '0')}`;
    return formatDuration(value).replace(/ 00[sm]$/, '');
  }
  const date = new Date(value);
  if (gap >= 86_400_000) return date.toLocaleDateString(undefined, { month: 'short', day: 'numeric' });
  return date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hour12: false, ...(gap < 60_000 ? { second: '2-digit' } : {}) });
}

/** 12000 → 12k, 3500000 → 3.5M; exact, or left as it is. */
export function compact(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${formatNumber(value / 1e6)}M`;
  if (size >= 1e4) return `${formatNumber(value / 1e3)}k`;
  return formatNumber(value);
}

/** Places for ticks on a log axis: as many of 1…9 × 10ⁿ as stay readable, plain steps where the range has too few of them. */
export function logTicks(low: number, high: number): number[] {
  const digits = [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1]];
  for (const wanted of digits) {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const digit of wanted) {
        // Through text: 3e-7 is nearer to 3 × 10⁻⁷ than 3 * 10 ** -7.
        const tick = Number(`${digit}e${power}`);
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    if (wanted.length === 9 && ticks.length < 3) return linearTicks(low, high);
    if (ticks.length <= 7) return ticks;
    if (wanted.length === 1) return ticks.filter((_, i) => i % Math.ceil(ticks.length / 7) === 0);
  }
  return [];
}

function linearTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((digit) => digit * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
