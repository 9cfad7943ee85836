import uPlot from 'uplot';
import { STEP_STEPS, TIME_STEPS, compact, formatTick, logTicks, type XKind } from './axis';
import { formatNumber } from './format';
import { colorOf, dashOf } from './palette';
import { extent, nearest, padRange, type Cell, type Shaped } from './shape';

/** All a canvas needs to know that is not data. */
export interface CanvasLook {
  xKind: XKind;
  log: boolean;
  dark: boolean;
  axis: string;
  grid: string;
  syncKey: string | undefined;
}

export interface CanvasHooks {
  shaped: () => Shaped;
  zoom: () => readonly [number, number] | null;
  onCursor: (u: uPlot) => void;
  onSelect: (from: number, to: number) => void;
}

/** Columns of uPlot's data: x, then for every line its raw shadow (if smoothed) and itself. */
export function toData(shaped: Shaped): uPlot.AlignedData {
  const columns: uPlot.AlignedData = [shaped.xs];
  for (const line of shaped.lines) {
    if (line.raw) columns.push(line.raw);
    columns.push(line.values);
  }
  return columns;
}

export function makeOptions(look: CanvasLook, hooks: CanvasHooks, width: number, height: number): uPlot.Options {
  const series: uPlot.Series[] = [{}];
  for (const line of hooks.shaped().lines) {
    const color = colorOf(line.slot, look.dark);
    const dash = dashOf(line.slot);
    if (line.raw) series.push({ stroke: color, alpha: 0.28, width: 1, points: { show: false } });
    const points = (u: uPlot): boolean => u.data[0].length <= Math.max(12, u.width / 14);
    series.push({
      stroke: color,
      width: 1.6,
      ...(dash ? { dash } : {}),
      points: { show: line.raw ? false : points, size: 5, fill: color, stroke: color },
    });
  }
  const axis: uPlot.Axis = {
    stroke: look.axis,
    font: '11px system-ui, sans-serif',
    grid: { stroke: look.grid, width: 1 },
    ticks: { show: false },
    gap: 4,
  };
  return {
    width,
    height,
    padding: [8, 14, 0, 0],
    series,
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 7 },
      // Runs rarely have a point at the very x under the pointer: theirs nearest to it is meant.
      dataIdx: (u, column, index) => (column === 0 ? index : Math.max(0, nearest(hooks.shaped().xs, u.data[column] as Cell[], index))),
      drag: { x: true, y: false, setScale: false, dist: 4 },
      bind: { dblclick: () => null },
      ...(look.syncKey
        ? { sync: { key: look.syncKey, setSeries: false, scales: ['x', null], filters: { pub: movesOnly, sub: movesOnly } } }
        : {}),
    },
    scales: {
      x: { time: false, range: () => xRange(hooks.shaped(), hooks.zoom()) },
      y: {
        distr: look.log ? 3 : 1,
        range: (u) => {
          const { min, max } = u.scales.x!;
          const shown = extent(hooks.shaped(), min ?? -Infinity, max ?? Infinity);
          if (!shown) return look.log ? [0.1, 1] : [0, 1];
          return padRange(shown[0], shown[1], look.log);
        },
      },
    },
    axes: [
      {
        ...axis,
        size: 24,
        space: look.xKind === 'step' ? 56 : 72,
        incrs: look.xKind === 'step' ? STEP_STEPS : TIME_STEPS,
        values: (_u, splits, _axis, _space, gap) => splits.map((v) => (v === null ? '' : formatTick(v, gap, look.xKind))),
      },
      {
        ...axis,
        space: 28,
        ...(look.log ? { splits: (_u: uPlot, _axis: number, low: number, high: number) => logTicks(low, high), filter: (_u: uPlot, splits: number[]) => splits } : {}),
        size: (_u, values) => 14 + 6.4 * Math.max(3, ...(values ?? []).map((v) => (v ? v.length : 0))),
        values: (_u, splits) => splits.map((v) => (v === null ? '' : Math.abs(v) >= 1e4 ? compact(v) : formatNumber(v, 6))),
      },
    ],
    hooks: {
      drawAxes: [(u) => drawBands(u, hooks.shaped(), look.dark)],
      draw: [(u) => drawMarks(u, hooks.shaped(), look.dark)],
      setCursor: [hooks.onCursor],
      setSelect: [
        (u) => {
          if (u.select.width < 4) return;
          hooks.onSelect(u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x'));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

const movesOnly = (type: string): boolean => type === 'mousemove' || type === 'mouseleave';

/** The zoom, else all of the data; never of zero width. */
export function xRange(shaped: Shaped, zoom: readonly [number, number] | null): [number, number] {
  if (zoom) return [zoom[0], zoom[1]];
  const first = shaped.xs[0] ?? 0;
  const last = shaped.xs[shaped.xs.length - 1] ?? 1;
  return last > first ? [first, last] : [first - 0.5, first + 0.5];
}

function clip(u: uPlot, draw: () => void): void {
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  u.ctx.clip();
  draw();
  u.ctx.restore();
}

/** Shades, behind the lines, the extremes of buckets that hold more than one point. */
function drawBands(u: uPlot, shaped: Shaped, dark: boolean): void {
  clip(u, () => {
    u.ctx.globalAlpha = dark ? 0.22 : 0.16;
    for (const { band, slot } of shaped.lines) {
      if (!band) continue;
      u.ctx.fillStyle = colorOf(slot, dark);
      u.ctx.beginPath();
      band.x.forEach((x, i) => u.ctx.lineTo(u.valToPos(x, 'x', true), u.valToPos(band.max[i]!, 'y', true)));
      for (let i = band.x.length - 1; i >= 0; i--) u.ctx.lineTo(u.valToPos(band.x[i]!, 'x', true), u.valToPos(band.min[i]!, 'y', true));
      u.ctx.closePath();
      u.ctx.fill();
    }
  });
}

/** Triangles on the edge where a value is not finite: pointing up at the top for +∞, down at the bottom for −∞, hollow for NaN. */
function drawMarks(u: uPlot, shaped: Shaped, dark: boolean): void {
  clip(u, () => {
    const r = 4 * uPlot.pxRatio;
    u.ctx.lineWidth = uPlot.pxRatio;
    for (const { marks, slot } of shaped.lines) {
      u.ctx.fillStyle = u.ctx.strokeStyle = colorOf(slot, dark);
      for (const mark of marks) {
        const x = u.valToPos(mark.x, 'x', true);
        const up = mark.kind !== 'low';
        const y = mark.kind === 'high' ? u.bbox.top + r : u.bbox.top + u.bbox.height - r;
        u.ctx.beginPath();
        u.ctx.moveTo(x, up ? y - r : y + r);
        u.ctx.lineTo(x - r, up ? y + r : y - r);
        u.ctx.lineTo(x + r, up ? y + r : y - r);
        u.ctx.closePath();
        if (mark.kind === 'nan') u.ctx.stroke();
        else u.ctx.fill();
      }
    }
  });
}
