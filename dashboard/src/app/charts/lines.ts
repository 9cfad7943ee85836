import type { Run, Series } from '../../api/types';
import type { XKind } from '../../plots/axis';
import type { LineSeries } from '../../plots/shape';

/** A run's points on the x axis chosen; relative time counts from the run's start, or from its first point if that is unknown. */
export function toLine(run: Run, points: Series, slot: number, kind: XKind): LineSeries {
  const origin = run.startedAt ?? points.times[0] ?? 0;
  const x = kind === 'step' ? points.steps : kind === 'wall' ? points.times : points.times.map((time) => time - origin);
  return {
    id: run.id,
    label: run.name,
    slot,
    x,
    y: points.values,
    ...(points.bucketed && points.min && points.max ? { min: points.min, max: points.max } : {}),
  };
}
