import { ChevronDown, ChevronRight, Eye, EyeOff } from 'lucide-react';
import { Link } from 'wouter';
import type { Run } from '../../api/types';
import { formatAge, formatTime } from '../../plots/format';
import { colorOf, useDark } from '../../plots/palette';
import { StatusBadge } from '../shell/StatusBadge';
import { cellOf } from './columns';
import css from './RunTable.module.css';

/** How a nested row stands: a parent whose parts are hidden or shown, one that has none, a part. */
export type Fold = 'closed' | 'open' | 'none' | 'part';

interface Props {
  index: number;
  /** px from the top of the body. */
  top: number;
  run: Run | undefined;
  project: number;
  fields: readonly string[];
  template: string;
  now: number;
  active: boolean;
  selected: ReadonlySet<string>;
  hidden: ReadonlySet<string>;
  slots: ReadonlyMap<string, number>;
  /** Null where runs stand side by side. */
  fold: Fold | null;
  onOpen: (id: string) => void;
  onActivate: (row: number) => void;
  onSelect: (id: string) => void;
  onHide: (id: string) => void;
}

/** One run. Its controls are out of the tab order: the grid's keys reach them. */
export function RunRow(props: Props) {
  const { run, index, fields, now, fold } = props;
  const dark = useDark();
  const place = { gridTemplateColumns: props.template, transform: `translateY(${props.top}px)` };
  if (!run) {
    return (
      <div role="row" aria-rowindex={index + 2} className={css.row} style={place}>
        <div role="gridcell" aria-colindex={1} className={css.cell}><span className={css.ghost} /></div>
      </div>
    );
  }
  const selected = props.selected.has(run.id);
  const hidden = props.hidden.has(run.id);
  const slot = props.slots.get(run.id);
  return (
    <div
      role="row"
      id={`row-${index}`}
      aria-rowindex={index + 2}
      aria-selected={selected}
      aria-level={fold === null ? undefined : fold === 'part' ? 2 : 1}
      aria-expanded={fold === 'open' ? true : fold === 'closed' ? false : undefined}
      data-active={props.active || undefined}
      className={css.row}
      style={place}
      onMouseDown={() => props.onActivate(index)}
    >
      <div role="gridcell" aria-colindex={1} className={css.cell}>
        <input type="checkbox" tabIndex={-1} checked={selected} aria-label={`Choose ${run.name} for the charts`} onChange={() => props.onSelect(run.id)} />
        <button
          type="button"
          tabIndex={-1}
          className={css.eye}
          aria-label={hidden ? `Show ${run.name} in the charts` : `Hide ${run.name} from the charts`}
          title={hidden ? 'Hidden from the charts (v)' : slot === undefined ? 'Not drawn' : 'Drawn in this colour; click hides (v)'}
          onClick={() => props.onHide(run.id)}
        >
          {hidden ? <EyeOff size={14} aria-hidden="true" /> : slot === undefined ? <Eye size={14} aria-hidden="true" /> : (
            <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true"><circle cx="6" cy="6" r="5" fill={colorOf(slot, dark)} /></svg>
          )}
        </button>
      </div>
      <div role="gridcell" aria-colindex={2} className={css.cell}><StatusBadge status={run.status} /></div>
      <div role="gridcell" aria-colindex={3} className={css.cell} data-field="name" data-fold={fold ?? undefined}>
        {(fold === 'open' || fold === 'closed') && (
          <button type="button" tabIndex={-1} className={css.fold} aria-label={`${fold === 'open' ? 'Hide' : 'Show'} the runs within ${run.name}`} onClick={() => props.onOpen(run.id)}>
            {fold === 'open' ? <ChevronDown size={14} aria-hidden="true" /> : <ChevronRight size={14} aria-hidden="true" />}
          </button>
        )}
        <Link href={`/p/${props.project}/r/${run.id}`} tabIndex={-1} title={run.name}>{run.name}</Link>
      </div>
      {fields.map((field, i) => {
        if (field === 'started' || field === 'ended') {
          const time = field === 'started' ? run.startedAt : run.endedAt;
          return <div key={field} role="gridcell" aria-colindex={i + 4} className={css.cell} data-field={field} title={formatTime(time)}><span>{formatAge(time, now)}</span></div>;
        }
        const cell = cellOf(run, field, now);
        return (
          <div key={field} role="gridcell" aria-colindex={i + 4} className={css.cell} data-field={field} data-numeric={cell.numeric || undefined} title={cell.full}>
            <span>{cell.text}</span>
          </div>
        );
      })}
    </div>
  );
}
