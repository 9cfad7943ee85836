import { ArrowDown, ArrowUp } from 'lucide-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import { navigate } from 'wouter/use-browser-location';
import { useShortcuts } from '../shell/shortcuts';
import type { Sort } from '../url/codec';
import { useNow } from '../useNow';
import { labelOf, widthOf } from './columns';
import { RunRow, type Fold } from './RunRow';
import type { NestedRuns } from './useNestedRuns';
import type { RunWindows } from './useRunWindows';
import css from './RunTable.module.css';

export const ROW = 30;
const HEAD = 32;

export interface RunTableProps {
  project: number;
  runs: RunWindows;
  fields: readonly string[];
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
  /** Rows now in view. */
  onRange: (first: number, last: number) => void;
  onTop: (atTop: boolean) => void;
  /** The same runs, where some stand within others; null where they stand side by side. */
  nested: NestedRuns | null;
  /** Those whose parts are shown. */
  open: readonly string[];
  onOpen: (id: string) => void;
  selected: ReadonlySet<string>;
  hidden: ReadonlySet<string>;
  slots: ReadonlyMap<string, number>;
  onSelect: (id: string) => void;
  onHide: (id: string) => void;
  /** Changes when the table should go back to its top. */
  question: string;
}

/** The next order a click on a heading asks for: ascending, descending, the server's own. */
export function nextSort(sort: Sort | null, field: string): Sort | null {
  if (sort?.field !== field) return { field, descending: false };
  return sort.descending ? null : { field, descending: true };
}

/** Runs as an ARIA grid: only the rows in view exist, one of them is active and takes the keys. */
export function RunTable(props: RunTableProps) {
  const { runs, fields, sort } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const now = useNow(1000);
  const virtual = useVirtualizer({
    count: runs.total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
    scrollPaddingStart: HEAD,
  });
  const rows = virtual.getVirtualItems();
  const first = rows[0]?.index ?? 0;
  const last = rows[rows.length - 1]?.index ?? 0;
  useEffect(() => props.onRange(first, last), [first, last]);
  useEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
    setActive(0);
  }, [props.question]);

  const columns = useMemo(() => fields.map((field) => ({ field, label: labelOf(field, fields) })), [fields]);
  const template = `56px 96px minmax(132px, 1fr) ${columns.map((c) => `${widthOf(c.field, c.label)}px`).join(' ')}`;
  const width = 56 + 96 + 132 + columns.reduce((sum, c) => sum + widthOf(c.field, c.label), 0);

  const move = (to: number): void => {
    const row = Math.min(runs.total - 1, Math.max(0, to));
    setActive(row);
    virtual.scrollToIndex(row);
    scroller.current?.focus({ preventScroll: true });
  };
  const withRun = (use: (id: string) => void) => (): void => {
    const run = runs.at(active);
    if (run) use(run.id);
  };
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 300) / ROW) - 2);
  useShortcuts({ j: () => move(active + 1), k: () => move(active - 1), x: withRun(props.onSelect), v: withRun(props.onHide) });

  const foldOf = (row: number): Fold | null => {
    const run = runs.at(row);
    if (!props.nested || !run) return null;
    if (props.nested.depth(row) > 0) return 'part';
    return props.nested.childless.has(run.id) ? 'none' : props.open.includes(run.id) ? 'open' : 'closed';
  };
  const turn = (want: Fold): void => {
    const run = runs.at(active);
    if (run && foldOf(active) === want) props.onOpen(run.id);
  };

  const head = (field: string, label: string, index: number, numeric = false): React.ReactNode => {
    const direction = sort?.field === field ? (sort.descending ? 'descending' : 'ascending') : 'none';
    return (
      <div key={field} role="columnheader" aria-colindex={index} aria-sort={direction} data-field={field} className={css.headCell} data-numeric={numeric || undefined}>
        <button type="button" title={`${field}: sort`} onClick={() => props.onSort(nextSort(sort, field))}>
          <span>{label}</span>
          {direction === 'ascending' && <ArrowUp size={13} aria-hidden="true" />}
          {direction === 'descending' && <ArrowDown size={13} aria-hidden="true" />}
        </button>
      </div>
    );
  };

  return (
    <div
      ref={scroller}
      className={css.scroller}
      role={props.nested ? 'treegrid' : 'grid'}
      aria-label="Runs"
      aria-rowcount={runs.total + 1}
      aria-colcount={columns.length + 3}
      aria-multiselectable="true"
      aria-activedescendant={runs.at(active) ? `row-${active}` : undefined}
      aria-busy={runs.outdated}
      tabIndex={0}
      data-outdated={runs.outdated || undefined}
      onScroll={(event) => props.onTop(event.currentTarget.scrollTop < ROW)}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return;
        const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: runs.total - 1 }[event.key];
        if (to !== undefined) move(to);
        else if (event.key === 'Enter') withRun((id) => navigate(`/p/${props.project}/r/${id}`))();
        else if (event.key === ' ') withRun(props.onSelect)();
        else if (event.key === 'ArrowRight') turn('closed');
        else if (event.key === 'ArrowLeft') turn('open');
        else return;
        event.preventDefault();
      }}
    >
      <div role="rowgroup" className={css.head} style={{ minWidth: width }}>
        <div role="row" aria-rowindex={1} className={css.row} style={{ gridTemplateColumns: template, height: HEAD }}>
          <div role="columnheader" aria-colindex={1} className={css.headCell}><span className="sr-only">In the charts</span></div>
          {head('status', 'status', 2)}
          {head('name', 'name', 3)}
          {columns.map((column, i) => head(column.field, column.label, i + 4, isNumeric(column.field)))}
        </div>
      </div>
      <div role="rowgroup" className={css.body} style={{ height: virtual.getTotalSize(), minWidth: width }}>
        {rows.map((row) => (
          <RunRow
            key={row.index}
            index={row.index}
            top={row.start}
            run={runs.at(row.index)}
            project={props.project}
            fields={fields}
            template={template}
            now={now}
            active={row.index === active}
            selected={props.selected}
            hidden={props.hidden}
            slots={props.slots}
            fold={foldOf(row.index)}
            onOpen={props.onOpen}
            onActivate={setActive}
            onSelect={props.onSelect}
            onHide={props.onHide}
          />
        ))}
      </div>
    </div>
  );
}

const isNumeric = (field: string): boolean => field.startsWith('metrics.') || field.startsWith('params.') || field === 'duration';
