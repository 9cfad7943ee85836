import { ChevronDown, ZoomOut } from 'lucide-react';
import { useId, useMemo, useRef, useState } from 'react';
import type { Run } from '../../api/types';
import { X_KINDS, X_LABELS, formatX } from '../../plots/axis';
import { formatExact, formatNumber, plural } from '../../plots/format';
import { assignSlots } from '../../plots/palette';
import { Legend } from '../../plots/Swatch';
import { Empty } from '../shell/States';
import { useShortcuts } from '../shell/shortcuts';
import type { ChartState } from '../url/state';
import type { SetState } from '../url/useUrlState';
import { MetricChart } from './MetricChart';
import { openSections, sectionsOf, type ChartSpec } from './sections';
import css from './Workspace.module.css';

interface Props {
  runs: readonly Run[];
  slots: ReadonlyMap<string, number>;
  state: ChartState;
  onChange: SetState<ChartState>;
  /** Which runs are drawn, in words: `drawing 8 of 40`. */
  note?: string;
}

/** One chart a metric, in sections by prefix, with the controls they share. */
export function Workspace({ runs, slots, state, onChange, note }: Props) {
  const sections = useMemo(() => sectionsOf(runs), [runs]);
  const open = openSections(sections, state.sec);
  const sync = useId();
  const smoothing = useRef<HTMLInputElement>(null);
  useShortcuts({
    l: () => onChange({ log: !state.log }),
    s: () => smoothing.current?.focus(),
  });
  const toggle = (name: string): void => {
    onChange({ sec: state.sec.includes(name) ? state.sec.filter((s) => s !== name) : [...state.sec, name] });
  };

  return (
    <section className={css.workspace} aria-label="Charts">
      <div className={css.controls}>
        <label className={css.control}>
          <span>x</span>
          <select className="input" value={state.x} onChange={(event) => onChange({ x: event.target.value as ChartState['x'], zoom: null })}>
            {X_KINDS.map((kind) => <option key={kind} value={kind}>{X_LABELS[kind]}</option>)}
          </select>
        </label>
        <Smoothing ref={smoothing} value={state.smooth} onChange={(smooth) => onChange({ smooth }, 'replace')} />
        <button type="button" className="button" aria-pressed={state.log} title="Log y axis (l)" onClick={() => onChange({ log: !state.log })}>log y</button>
        {state.zoom && (
          <button type="button" className="button" onClick={() => onChange({ zoom: null })} title="Show all of the x axis">
            <ZoomOut size={14} aria-hidden="true" />
            {formatX(Math.round(state.zoom[0]), state.x)} – {formatX(Math.round(state.zoom[1]), state.x)}
          </button>
        )}
        {note && <span className={css.note}>{note}</span>}
      </div>
      {runs.length > 1 && <Legend items={runs.map((run) => ({ id: run.id, label: run.name, slot: slots.get(run.id) ?? 0 }))} />}
      {sections.length === 0 && <Empty title="No metrics" text={runs.length === 0 ? 'No runs are drawn.' : 'The runs drawn have logged no metrics yet.'} />}
      {sections.map((section) => (
        <section key={section.name} className={css.section} aria-label={section.name || 'metrics'}>
          {(sections.length > 1 || section.name !== '') && (
            <h2>
              <button type="button" aria-expanded={open.has(section.name)} onClick={() => toggle(section.name)}>
                <ChevronDown size={14} aria-hidden="true" />
                {section.name || 'metrics'}
                <span>{plural(section.charts.length, 'chart')}</span>
              </button>
            </h2>
          )}
          {open.has(section.name) && (
            <>
              <div className={css.grid}>
                {section.charts.filter((spec) => spec.points > 1 || runs.length > 1).map((spec) => (
                  <MetricChart key={spec.key} spec={spec} runs={runs} slots={slots} state={state} onChange={onChange} syncKey={sync} />
                ))}
              </div>
              {runs.length === 1 && <SingleValues run={runs[0]!} charts={section.charts.filter((spec) => spec.points === 1)} />}
            </>
          )}
        </section>
      ))}
    </section>
  );
}

/** A single run's metrics of one point: there is nothing to compare, so they are told, not drawn. */
function SingleValues({ run, charts }: { run: Run; charts: readonly ChartSpec[] }) {
  if (charts.length === 0) return null;
  return (
    <section className={css.singles} aria-label="Single values">
      <h3>Single values</h3>
      <dl>
        {charts.map(({ key }) => (
          <div key={key}>
            <dt title={key}>{key}</dt>
            <dd title={formatExact(run.metrics[key]!.last)}>{formatNumber(run.metrics[key]!.last)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The slider answers at once; the address and the charts follow when it rests. */
function Smoothing({ ref, value, onChange }: { ref: React.RefObject<HTMLInputElement | null>; value: number; onChange: (value: number) => void }) {
  const [draft, setDraft] = useState<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const shown = draft ?? value;
  return (
    <label className={css.control} title="Exponential moving average of the points drawn (s, then arrows)">
      <span>smooth</span>
      <input
        ref={ref}
        type="range"
        min={0}
        max={0.99}
        step={0.01}
        value={shown}
        onChange={(event) => {
          const next = Number(event.target.value);
          setDraft(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => { setDraft(null); onChange(next); }, 120);
        }}
      />
      <output>{shown.toFixed(2)}</output>
    </label>
  );
}

/** Palette places of the runs drawn: a run keeps its place as long as it is drawn. */
export function useSlots(ids: readonly string[]): ReadonlyMap<string, number> {
  const before = useRef<ReadonlyMap<string, number>>(new Map());
  const text = ids.join();
  return useMemo(() => (before.current = assignSlots(before.current, ids)), [text]);
}
