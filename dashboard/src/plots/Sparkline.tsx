import { colorOf, useDark } from './palette';

const W = 96;
const H = 22;

/** The course of one metric at a glance; decoration beside its numbers, so hidden from screen readers. */
export function Sparkline({ y, slot = 0 }: { y: readonly number[]; slot?: number }) {
  const dark = useDark();
  const finite = y.filter(Number.isFinite);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const points: string[] = [];
  y.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    const px = 2 + (i / Math.max(1, y.length - 1)) * (W - 4);
    const py = high > low ? 2 + (1 - (value - low) / (high - low)) * (H - 4) : H / 2;
    points.push(`${px.toFixed(1)},${py.toFixed(1)}`);
  });
  return (
    <svg width={W} height={H} viewBox={`0 0 ${W} ${H}`} aria-hidden="true">
      {points.length > 1 && <polyline points={points.join(' ')} fill="none" stroke={colorOf(slot, dark)} strokeWidth="1.4" strokeLinejoin="round" />}
    </svg>
  );
}
