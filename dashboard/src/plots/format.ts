/** Numbers, durations and times as text; five significant digits unless asked for more. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Short form of a number for tables and axes: at most `digits` significant digits, no trailing zeros. */
export function formatNumber(value: number | null | undefined, digits = 5): string {
  if (value === null || value === undefined) return '';
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return String(value).replace('-', '−');
  // Rounded first: 999999.9 is 1e6 at five digits.
  const rounded = Number(value.toPrecision(digits));
  const plain = Math.abs(rounded) < 10 ** Math.max(digits, 6) && Math.abs(rounded) >= 1e-4;
  const text = plain ? String(rounded) : rounded.toExponential().replace('e+', 'e');
  return text.replaceAll('-', '−');
}

/** Every digit, in a form that programs read back. */
export function formatExact(value: number | null | undefined): string {
  if (value === null || value === undefined) return '';
  return String(value);
}

/** Two units at most: `350 ms`, `4.2 s`, `3m 12s`, `2h 05m`, `3d 4h`. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '';
  if (ms < 0) return '0 ms';
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
  const hours = Math.round(ms / HOUR);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

const pad = (n: number): string => String(n).padStart(2, '0');

/** How long ago, coarsely: `just now`, `5 min ago`, `3 h ago`, `2 days ago`, else the date. */
export function formatAge(time: number | null | undefined, now: number): string {
  if (time === null || time === undefined) return '';
  const age = now - time;
  if (age < 45_000) return 'just now';
  if (age < HOUR) return `${Math.max(1, Math.round(age / MINUTE))} min ago`;
  if (age < DAY) return `${Math.round(age / HOUR)} h ago`;
  if (age < 14 * DAY) {
    const days = Math.round(age / DAY);
    return days === 1 ? '1 day ago' : `${days} days ago`;
  }
  return new Date(time).toLocaleDateString(undefined, { dateStyle: 'medium' });
}

/** Date and time in the reader's own zone, to the second. */
export function formatTime(time: number | null | undefined): string {
  if (time === null || time === undefined) return '';
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** `1 run`, `2 runs`. */
export function plural(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}
