import { Columns3, ListTree } from 'lucide-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { ApiError, getColumns, getProject, getRuns } from '../../api/client';
import { STATUSES, type Run } from '../../api/types';
import { plural } from '../../plots/format';
import { Workspace, useSlots } from '../charts/Workspace';
import { hasClause, setClause } from '../filter';
import { useLive } from '../live';
import { Newcomer } from '../projects/Newcomer';
import { keys, patchRuns } from '../queries';
import { Shell } from '../shell/Shell';
import { useShortcuts } from '../shell/shortcuts';
import { Empty, Failure, Progress, Skeleton } from '../shell/States';
import { StatusBadge } from '../shell/StatusBadge';
import { Tabs } from '../shell/Tabs';
import { throttle } from '../throttle';
import { formatSort } from '../url/codec';
import { runsCodec } from '../url/state';
import { useUrlState } from '../url/useUrlState';
import { useWide } from '../useWide';
import { ColumnPicker } from './ColumnPicker';
import { defaultFields, MAIN_METRIC_TAG } from './columns';
import { FilterBox } from './FilterBox';
import { RunTable } from './RunTable';
import { Split } from './Split';
import { useChosenRuns } from './useChosenRuns';
import { isChildren, PARENT_TAG, TOP_LEVEL, useNestedRuns } from './useNestedRuns';
import { useRunWindows } from './useRunWindows';
import css from './RunsPage.module.css';

/** Runs drawn when none are chosen. */
const DRAWN = 8;
const NONE: readonly string[] = [];

/** A project: the table of its runs and the charts of those drawn. */
export function RunsPage({ id }: { id: number }) {
  const client = useQueryClient();
  const [state, set] = useUrlState(runsCodec);
  const wide = useWide(900);
  const [range, setRange] = useState<[number, number]>([0, 40]);
  const [picking, setPicking] = useState(false);
  const [fresh, setFresh] = useState(0);
  const atTop = useRef(true);

  const project = useQuery({ queryKey: keys.project(id), queryFn: ({ signal }) => getProject(id, signal) });
  const sort = formatSort(state.sort);
  // A filter finds runs wherever they stand, so it shows them side by side.
  const nested = state.nest && state.q === '';
  const question = nested ? TOP_LEVEL : state.q;
  const parents = useRunWindows(id, question, sort, range[0], range[1]);
  const runs = useNestedRuns(id, parents, sort, nested ? state.open : NONE);
  const columns = useQuery({
    queryKey: keys.columns(id, state.q),
    queryFn: ({ signal }) => getColumns(id, state.q, signal),
    staleTime: 30_000,
    placeholderData: (before) => before,
  });

  const mainMetric = project.data?.tags[MAIN_METRIC_TAG];
  const lastDefault = useRef<readonly string[]>(NONE);
  const fields = useMemo(() => {
    if (state.cols) return state.cols;
    if (!columns.data) return lastDefault.current;
    return (lastDefault.current = defaultFields(columns.data, runs.all, lastDefault.current, mainMetric));
  }, [state.cols, columns.data, runs.all > 1, mainMetric]);

  // --- live ---
  const reload = (): void => {
    setFresh(0);
    void client.invalidateQueries({ queryKey: keys.runs(id) });
    refreshColumns();
  };
  const refreshProject = useRef(throttle(() => void client.invalidateQueries({ queryKey: keys.project(id) }), 2000)).current;
  const refreshColumns = useRef(throttle(() => void client.invalidateQueries({ queryKey: ['columns', id] }), 4000)).current;
  const lookForNew = useRef<() => void>(() => undefined);
  lookForNew.current = () => {
    if (atTop.current && state.sort === null) return reload();
    const { q, total } = { q: question, total: parents.total };
    getRuns(id, { q, sort: '', limit: 1, offset: 0 }).then(
      (page) => setFresh(Math.max(0, page.total - total)),
      () => undefined,
    );
  };
  const onUnknown = useRef(throttle(() => lookForNew.current(), 1000)).current;
  const refreshParts = useRef(throttle(() => void client.invalidateQueries({ queryKey: keys.runs(id), predicate: ({ queryKey }) => isChildren(queryKey[2]) }), 1000)).current;
  useLive(runs.pending ? null : `project=${id}`, {
    onRuns: (changed) => {
      const unknown = patchRuns(client, id, changed);
      if (unknown.length > 0 && nested && unknown.every((run) => PARENT_TAG in run.tags)) refreshParts();
      else if (unknown.length > 0) onUnknown();
      refreshProject();
    },
    onHello: (version) => {
      // Something happened between reading the table and listening.
      if (runs.loaded.every((run) => run.version < version)) reload();
    },
  });

  // --- what is drawn ---
  const hidden = useMemo(() => new Set(state.hide), [state.hide]);
  const selected = useMemo(() => new Set(state.sel), [state.sel]);
  const chosen = useChosenRuns(state.sel, runs.loaded);
  const candidates: readonly Run[] = (state.sel.length > 0 ? chosen : runs.loaded).filter((run) => !hidden.has(run.id));
  const drawnNow = state.sel.length > 0 ? candidates : candidates.slice(0, DRAWN);
  const stamp = drawnNow.map((run) => `${run.id}@${run.version}`).join();
  const drawn = useMemo(() => drawnNow, [stamp]);
  const slots = useSlots(drawn.map((run) => run.id));
  const note = state.sel.length > 0
    ? `drawing ${plural(drawn.length, 'chosen run')}`
    : `drawing ${drawn.length} of ${runs.total}${drawn.length < runs.total ? (state.sort ? ', first in the table' : ', newest') : ''}`;

  const toggle = (list: 'sel' | 'hide') => (run: string): void => {
    const now = runsCodec.parse(location.search)[list];
    set({ [list]: now.includes(run) ? now.filter((other) => other !== run) : [...now, run] });
  };
  useShortcuts({ Escape: () => { if (state.sel.length > 0) set({ sel: [] }); } });

  const running = project.data?.runs.running ?? 0;
  const name = project.data?.name ?? `project ${id}`;
  const shell = (content: React.ReactNode): React.ReactNode => (
    <Shell crumbs={[{ label: 'Projects', href: '/' }, { label: name }]} title={running > 0 ? `(${running} running) ${name}` : name}>{content}</Shell>
  );

  if (project.isError && !project.data) {
    const missing = project.error instanceof ApiError && (project.error.status === 404 || Number.isNaN(id));
    return shell(missing
      ? <Empty title="There is no such project" text="It may have been deleted." action={{ href: '/', label: 'All projects' }} />
      : <Failure what="The project could not be read" error={project.error} onRetry={() => void project.refetch()} />);
  }
  const filterError = runs.error instanceof ApiError && runs.error.status === 400;
  const newcomer = !runs.pending && !runs.error && runs.all === 0 && !runs.outdated;
  if (newcomer) return shell(<div className={css.newcomer}><Newcomer project={name} /></div>);

  const table = (
    <section className={css.pane} aria-label="Table of runs">
      <div className={css.tools}>
        <FilterBox value={state.q} error={runs.error} onChange={(q, how) => set({ q }, how)} />
        <button type="button" className="button" aria-haspopup="dialog" onClick={() => setPicking(true)}>
          <Columns3 size={14} aria-hidden="true" />Columns
        </button>
        <button
          type="button"
          className={`button ${css.toggle}`}
          aria-pressed={state.nest}
          title={state.nest && !nested ? 'A filter shows runs side by side' : 'Runs that are part of another (trials, candidates) stand within it'}
          onClick={() => set({ nest: !state.nest, open: [] })}
        >
          <ListTree size={14} aria-hidden="true" />Nest
        </button>
      </div>
      <div className={css.meta}>
        <span role="status">{runs.pending || !runs.known ? '' : nested ? `${parents.total.toLocaleString('en')} of ${plural(runs.all, 'run')}, others within` : runs.total === runs.all ? plural(runs.all, 'run') : `${runs.total.toLocaleString('en')} of ${plural(runs.all, 'run')}`}</span>
        {project.data && STATUSES.filter((status) => project.data.runs[status] > 0 && project.data.runs[status] < project.data.runs.total).map((status) => {
          const on = hasClause(state.q, `status:${status}`);
          return (
            <button key={status} type="button" className={css.chip} aria-pressed={on} onClick={() => set({ q: setClause(state.q, 'status', on ? null : `status:${status}`) })}>
              <StatusBadge status={status} count={project.data.runs[status]} />
            </button>
          );
        })}
        {state.sel.length > 0 && <button type="button" className={css.link} onClick={() => set({ sel: [] })}>{state.sel.length} chosen, clear</button>}
        {state.hide.length > 0 && <button type="button" className={css.link} onClick={() => set({ hide: [] })}>{state.hide.length} hidden, show</button>}
        {fresh > 0 && <button type="button" className={css.pill} onClick={reload}>{plural(fresh, 'new run')}</button>}
      </div>
      <div className={css.tableBox}>
        <Progress on={runs.fetching && (runs.outdated || runs.pending)} />
        {runs.pending && <Skeleton rows={12} />}
        {runs.error && !filterError && runs.total > 0 ? (
          <p role="alert" className={css.failLine}>
            {runs.outdated ? 'Shown is the answer before: the runs could not be read.' : 'Some runs could not be read.'} {runs.error instanceof Error ? runs.error.message : ''}
            <button type="button" className={css.link} onClick={runs.retry}>Try again</button>
          </p>
        ) : null}
        {runs.error && !filterError && runs.total === 0 ? <Failure what="The runs could not be read" error={runs.error} onRetry={runs.retry} /> : null}
        {filterError && runs.total === 0 && <Empty title="The filter is not understood" text="What is wrong is said under it." action={{ label: 'Clear the filter', onClick: () => set({ q: '' }) }} />}
        {!runs.pending && runs.total === 0 && !runs.error && (
          <Empty title={`0 of ${plural(runs.all, 'run')} match`} text={state.q} action={{ label: 'Clear the filter', onClick: () => set({ q: '' }) }} />
        )}
        {runs.total > 0 && (
          <RunTable
            project={id}
            runs={runs}
            fields={fields}
            sort={state.sort}
            onSort={(next) => set({ sort: next })}
            nested={nested ? runs : null}
            open={state.open}
            onOpen={(run) => set({ open: state.open.includes(run) ? state.open.filter((other) => other !== run) : [...state.open, run] }, 'replace')}
            onRange={(top, bottom) => {
              const [first, last] = [runs.parentRow(top), runs.parentRow(bottom)];
              setRange((old) => (old[0] === first && old[1] === last ? old : [first, last]));
            }}
            onTop={(top) => { atTop.current = top; }}
            selected={selected}
            hidden={hidden}
            slots={slots}
            onSelect={toggle('sel')}
            onHide={toggle('hide')}
            question={`${question} ${sort}`}
          />
        )}
      </div>
    </section>
  );
  const charts = runs.pending ? <Skeleton rows={4} height={220} /> : <Workspace runs={drawn} slots={slots} state={state} onChange={set} note={runs.known ? note : ''} />;

  return shell(
    <>
      <h1 className="sr-only">{name}: runs</h1>
      {wide ? <Split left={table} right={charts} /> : (
        <div className={css.narrow}>
          <Tabs
            label="Views"
            tabs={[{ id: 'table', label: 'Table' }, { id: 'charts', label: 'Charts' }]}
            chosen={state.tab === 'charts' ? 'charts' : 'table'}
            onChoose={(tab) => set({ tab })}
          />
          {state.tab === 'charts'
            ? <div role="tabpanel" id="panel-charts" aria-labelledby="tab-charts" className={css.narrowPane} tabIndex={0}>{charts}</div>
            : <div role="tabpanel" id="panel-table" aria-labelledby="tab-table" className={css.narrowPane}>{table}</div>}
        </div>
      )}
      {picking && (
        <ColumnPicker columns={columns.data ?? []} runs={runs.total} shown={fields} onChange={(cols) => set({ cols }, 'replace')} onClose={() => setPicking(false)} />
      )}
    </>,
  );
}
