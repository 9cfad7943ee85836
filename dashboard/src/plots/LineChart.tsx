import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { X_LABELS, formatX, type XKind } from './axis';
import { makeOptions, toData } from './canvas';
import { formatNumber } from './format';
import { resolveColor, useDark } from './palette';
import { readAt, shapeLines, type LineSeries } from './shape';
import { SeriesTable } from './SeriesTable';
import { summarise } from './summary';
import { Tooltip, type TipPlace } from './Tooltip';
import css from './LineChart.module.css';

export interface LineChartProps {
  title: string;
  series: readonly LineSeries[];
  xKind: XKind;
  log: boolean;
  /** EMA weight in [0, 1). */
  smoothing: number;
  zoom: readonly [number, number] | null;
  onZoom: (zoom: [number, number] | null) => void;
  /** Charts of equal key share their cursor. */
  syncKey?: string;
  height?: number;
  /** Newer data is on its way. */
  stale?: boolean;
  tools?: ReactNode;
}

/** Lines of one metric over steps or time, one per run. */
export function LineChart(props: LineChartProps) {
  const { title, series, xKind, log, smoothing, zoom, onZoom, syncKey, height = 200 } = props;
  const dark = useDark();
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shaped = useMemo(() => shapeLines(series, { smoothing, log }), [series, smoothing, log]);
  const summary = useMemo(() => summarise(title, shaped), [title, shaped]);
  const [tip, setTip] = useState<TipPlace | null>(null);
  const [spoken, setSpoken] = useState('');
  const [table, setTable] = useState(false);

  // uPlot lives longer than a render: its callbacks read the newest props from here.
  const latest = useRef({ shaped, zoom, onZoom });
  latest.current = { shaped, zoom, onZoom };

  const structure = shaped.lines.map((line) => `${line.id}:${line.slot}:${line.raw ? 1 : 0}`).join();
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || latest.current.shaped.xs.length === 0) return;
    const u = new uPlot(
      makeOptions(
        { xKind, log, dark, axis: resolveColor(element, '--dim'), grid: resolveColor(element, '--grid'), syncKey },
        {
          shaped: () => latest.current.shaped,
          zoom: () => latest.current.zoom,
          onSelect: (from, to) => latest.current.onZoom([from, to]),
          onCursor: (self) => {
            const { idx, left, top } = self.cursor;
            // A synchronised cursor moves in every chart of the group; only the one under the pointer speaks.
            const own = self.over.matches(':hover') || document.activeElement === element;
            setTip(own && idx != null && left !== undefined && left >= 0 ? { index: idx, left, top: top ?? 0 } : null);
          },
        },
        element.clientWidth,
        height,
      ),
      toData(latest.current.shaped),
      element,
    );
    u.over.addEventListener('dblclick', () => latest.current.onZoom(null));
    plot.current = u;
    const resize = new ResizeObserver(() => {
      if (element.clientWidth > 0) u.setSize({ width: element.clientWidth, height });
    });
    resize.observe(element);
    return () => {
      resize.disconnect();
      u.destroy();
      plot.current = null;
      setTip(null);
    };
  }, [structure, xKind, log, dark, syncKey, height, shaped.xs.length === 0]);

  const from = zoom?.[0];
  const to = zoom?.[1];
  useEffect(() => {
    plot.current?.setData(toData(shaped), true);
  }, [shaped, from, to]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const u = plot.current;
    if (event.target !== event.currentTarget || !u) return;
    const last = shaped.xs.length - 1;
    const now = u.cursor.idx ?? (event.key === 'ArrowLeft' ? last + 1 : -1);
    const jump = event.shiftKey ? 10 : 1;
    const next = { ArrowRight: now + jump, ArrowLeft: now - jump, Home: 0, End: last }[event.key];
    if (next !== undefined) {
      const index = Math.min(last, Math.max(0, next));
      const readings = readAt(shaped, index);
      const y = readings[0] ? u.valToPos(readings[0].value, 'y') : 0;
      u.setCursor({ left: u.valToPos(shaped.xs[index]!, 'x'), top: y });
      setSpoken(`${X_LABELS[xKind]} ${formatX(shaped.xs[index]!, xKind)}: ${readings.map((r) => `${r.label} ${formatNumber(r.value)}`).join(', ')}`);
    } else if (event.key === 'Enter') setTable((open) => !open);
    else if (event.key === 'Escape' && (tip || zoom)) {
      if (tip) u.setCursor({ left: -10, top: -10 });
      else onZoom(null);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const empty = shaped.xs.length === 0;
  return (
    <figure className={css.figure} aria-labelledby={id}>
      <figcaption className={css.head}>
        <h3 className={css.title} id={id} title={title}>{title}</h3>
        <span className="sr-only">{summary}</span>
        {shaped.hidden > 0 && <span className={css.note}>{shaped.hidden} values ≤ 0 have no place on a log axis</span>}
        <span className={css.tools}>{props.tools}</span>
      </figcaption>
      <div
        ref={box}
        className={css.plot}
        style={{ height }}
        tabIndex={0}
        role="group"
        aria-roledescription="line chart"
        aria-label={`${summary} Arrow keys read values, Enter shows a table.`}
        data-stale={props.stale || undefined}
        onKeyDown={onKeyDown}
        onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
      >
        {empty && <div className={css.empty} style={{ height }}>{props.stale ? '' : 'No points here'}</div>}
        {tip && plot.current && <Tooltip u={plot.current} shaped={shaped} place={tip} xKind={xKind} />}
      </div>
      <div className="sr-only" aria-live="polite">{spoken}</div>
      {table && <SeriesTable series={series} title={title} xKind={xKind} />}
    </figure>
  );
}
