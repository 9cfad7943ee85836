import { formatX, type XKind } from './axis';
import { formatExact, formatNumber } from './format';
import type { LineSeries } from './shape';
import css from './LineChart.module.css';

/** A chart in words: one row per run, with where it begins, ends and turns. */
export function SeriesTable({ series, title, xKind }: { series: readonly LineSeries[]; title: string; xKind: XKind }) {
  return (
    <div className={css.dataBox} tabIndex={0} role="region" aria-label={`Table of ${title}`}>
      <table className={css.data}>
        <thead>
          <tr>{['run', 'points', 'from', 'to', 'first', 'min', 'max', 'last'].map((h) => <th key={h} scope="col">{h}</th>)}</tr>
        </thead>
        <tbody>
          {series.map((s) => {
            const finite = s.y.filter(Number.isFinite);
            const low = (s.min ?? finite).reduce((a, b) => Math.min(a, b), Infinity);
            const high = (s.max ?? finite).reduce((a, b) => Math.max(a, b), -Infinity);
            const last = s.x.length - 1;
            return (
              <tr key={s.id}>
                <th scope="row">{s.label}</th>
                <td>{s.x.length}</td>
                <td>{last < 0 ? '' : formatX(s.x[0]!, xKind)}</td>
                <td>{last < 0 ? '' : formatX(s.x[last]!, xKind)}</td>
                {[s.y[0], low, high, s.y[last]].map((v, i) => <td key={i} title={formatExact(v)}>{formatNumber(v)}</td>)}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
