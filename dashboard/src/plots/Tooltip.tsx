import type uPlot from 'uplot';
import { X_LABELS, formatX, type XKind } from './axis';
import { formatExact, formatNumber } from './format';
import { readAt, type Shaped } from './shape';
import { Swatch } from './Swatch';
import css from './LineChart.module.css';

/** Cursor: place on the common x, and px from the corner of the plotting area. */
export interface TipPlace {
  index: number;
  left: number;
  top: number;
}

const ROWS = 12;

interface Props {
  u: uPlot;
  shaped: Shaped;
  place: TipPlace;
  xKind: XKind;
}

/** What the lines say at the cursor: greatest first, the one nearest to the pointer emphasised. */
export function Tooltip({ u, shaped, place, xKind }: Props) {
  const index = Math.min(place.index, shaped.xs.length - 1);
  const readings = readAt(shaped, index);
  if (readings.length === 0) return null;
  const distance = readings.map((r) => Math.abs(u.valToPos(r.value, 'y') - place.top));
  const near = distance.indexOf(Math.min(...distance));
  const start = Math.max(0, Math.min(near - ROWS / 2, readings.length - ROWS));
  const shown = readings.slice(start, start + ROWS);
  const right = place.left > u.over.clientWidth / 2;
  const x = u.over.offsetLeft + place.left;
  return (
    <div className={css.tip} style={{ top: 8, ...(right ? { right: u.width - x + 14 } : { left: x + 14 }) }}>
      <div className={css.tipX}>{X_LABELS[xKind]} {formatX(shaped.xs[index]!, xKind)}</div>
      <table>
        <tbody>
          {shown.map((r, i) => (
            <tr key={r.id} data-near={start + i === near && readings.length > 1}>
              <td><Swatch slot={r.slot} /></td>
              <td className={css.name}>{r.label}</td>
              <td>
                {readings.length === 1 ? formatExact(r.value) : formatNumber(r.value, 7)}
                {r.raw !== null && <span className={css.raw}> ({formatNumber(r.raw)})</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < readings.length && <div className={css.tipX}>{shown.length} of {readings.length} runs, around the pointer</div>}
    </div>
  );
}
