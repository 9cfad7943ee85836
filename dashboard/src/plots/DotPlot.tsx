import { useId } from 'react';
import { formatExact, formatNumber } from './format';
import { colorOf, useDark } from './palette';
import frame from './LineChart.module.css';
import css from './DotPlot.module.css';

export interface Dot {
  id: string;
  label: string;
  slot: number;
  value: number;
}

/** One value per run: a dot on a common scale, greatest on top. For metrics that have a single point. */
export function DotPlot({ title, dots }: { title: string; dots: readonly Dot[] }) {
  const dark = useDark();
  const id = useId();
  const sorted = [...dots].sort((a, b) => (Number.isNaN(a.value) ? 1 : Number.isNaN(b.value) ? -1 : b.value - a.value));
  const finite = sorted.map((d) => d.value).filter(Number.isFinite);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const at = (value: number): number => (high > low ? (value - low) / (high - low) : 0.5) * 100;
  const top = sorted[0];
  const bottom = sorted[sorted.length - 1];
  const summary = !top || !bottom ? `${title}: no values.`
    : sorted.length === 1 ? `${title}, ${top.label}: ${formatNumber(top.value)}.`
    : `${title}, one value each of ${sorted.length} runs, from ${formatNumber(bottom.value)} (${bottom.label}) to ${formatNumber(top.value)} (${top.label}).`;
  return (
    <figure className={frame.figure} aria-labelledby={id}>
      <figcaption className={frame.head}>
        <h3 className={frame.title} id={id} title={title}>{title}</h3>
        <span className="sr-only">{summary}</span>
        <span className={frame.note}>one value a run</span>
      </figcaption>
      <div className={css.box} tabIndex={sorted.length > 9 ? 0 : undefined} role="region" aria-label={`Values of ${title}`}>
        <ul className={css.rows}>
          {sorted.map((dot) => (
            <li key={dot.id} className={css.row}>
              <span className={css.name} title={dot.label}>{dot.label}</span>
              <span className={css.track}>
                {Number.isFinite(dot.value) && (
                  <svg className={css.dot} style={{ left: `${at(dot.value)}%` }} viewBox="0 0 10 10" aria-hidden="true">
                    <circle cx="5" cy="5" r="4.5" fill={colorOf(dot.slot, dark)} />
                  </svg>
                )}
              </span>
              <span className={css.value} title={formatExact(dot.value)}>{formatNumber(dot.value)}</span>
            </li>
          ))}
        </ul>
      </div>
    </figure>
  );
}
