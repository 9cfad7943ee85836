import { formatNumber, plural } from './format';
import type { Shaped } from './shape';

/** One sentence on what a chart shows, for those who do not see it; `best` is named only where the goal is known. */
export function summarise(title: string, shaped: Shaped): string {
  const drawn = shaped.lines.filter((line) => line.values.some((v) => v !== null && v !== undefined));
  if (drawn.length === 0) return `${title}: no points to draw.`;
  const lasts = drawn.map((line) => ({ label: line.label, value: lastOf(line.values)! })).sort((a, b) => a.value - b.value);
  const low = lasts[0]!;
  const high = lasts[lasts.length - 1]!;
  const lost = drawn.reduce((n, line) => n + line.marks.length, 0);
  const tail = lost > 0 ? ` ${plural(lost, 'value')} not finite.` : '';
  if (drawn.length === 1) return `${title}, ${low.label}, last value ${formatNumber(low.value)}.${tail}`;
  return `${title}, ${plural(drawn.length, 'run')}, last values from ${formatNumber(low.value)} (${low.label}) to ${formatNumber(high.value)} (${high.label}).${tail}`;
}

function lastOf(values: readonly (number | null | undefined)[]): number | undefined {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null && values[i] !== undefined) return values[i]!;
  return undefined;
}
