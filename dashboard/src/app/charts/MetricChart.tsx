import { useMemo, useRef } from 'react';
import type { Run } from '../../api/types';
import { DotPlot } from '../../plots/DotPlot';
import { LineChart } from '../../plots/LineChart';
import type { LineSeries } from '../../plots/shape';
import { Failure } from '../shell/States';
import type { ChartState } from '../url/state';
import type { SetState } from '../url/useUrlState';
import { toLine } from './lines';
import type { ChartSpec } from './sections';
import { useNear } from './useNear';
import { useSeries } from './useSeries';
import css from './Workspace.module.css';

const BUCKETS = 600;

interface Props {
  spec: ChartSpec;
  runs: readonly Run[];
  slots: ReadonlyMap<string, number>;
  state: ChartState;
  onChange: SetState<ChartState>;
  syncKey: string;
}

/** One metric of the runs drawn; nothing is asked or drawn until it comes near the viewport. */
export function MetricChart(props: Props) {
  const [ref, near] = useNear<HTMLDivElement>();
  return (
    <div ref={ref} className={css.slot}>
      {near && (props.spec.points > 1 ? <Lines {...props} /> : <Dots {...props} />)}
    </div>
  );
}

function Dots({ spec, runs, slots }: Props) {
  const dots = runs.flatMap((run) => {
    const summary = run.metrics[spec.key];
    return summary ? [{ id: run.id, label: run.name, slot: slots.get(run.id) ?? 0, value: summary.last }] : [];
  });
  return <DotPlot title={spec.key} dots={dots} />;
}

function Lines({ spec, runs, slots, state, onChange, syncKey }: Props) {
  // The API cuts by step only; on a time axis the zoom cuts what is drawn.
  const range = state.x === 'step' && state.zoom ? ([Math.floor(state.zoom[0]), Math.ceil(state.zoom[1])] as const) : null;
  const { series, pending, fetching, error, retry } = useSeries(runs, spec.key, range, BUCKETS);
  const points = useStableList(series.map((s) => s.points));
  const about = JSON.stringify(series.map(({ run }) => [run.id, run.name, run.startedAt, slots.get(run.id)]));
  // A new version of a run without new points must not redraw the canvas.
  const lines = useMemo(() => series.map((s) => toLine(s.run, s.points, slots.get(s.run.id) ?? 0, state.x)), [points, about, state.x]);
  // While other points are read (a zoom, another choice of runs) the old drawing stays.
  const held = useRef<LineSeries[]>([]);
  if (!pending || held.current.length === 0) held.current = lines;

  if (error && held.current.length === 0) {
    return <div className={css.failed}><Failure what={`${spec.key} could not be read`} error={error} onRetry={retry} /></div>;
  }
  return (
    <LineChart
      title={spec.key}
      series={held.current}
      xKind={state.x}
      log={state.log}
      smoothing={state.smooth}
      zoom={state.zoom}
      // Steps and ms are whole numbers, and so is the address.
      onZoom={(zoom) => onChange({ zoom: zoom && zoom[1] - zoom[0] >= 2 ? [Math.round(zoom[0]), Math.round(zoom[1])] : zoom })}
      syncKey={syncKey}
      stale={pending || (fetching && held.current.length === 0)}
    />
  );
}

/** The list before, if it held the very same things. */
function useStableList<T>(list: readonly T[]): readonly T[] {
  const before = useRef(list);
  if (before.current.length !== list.length || list.some((item, i) => item !== before.current[i])) before.current = list;
  return before.current;
}
