import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useLocation } from 'wouter';
import { ApiError, getProject, getRun, getRuns } from '../../api/client';
import type { Run } from '../../api/types';
import { formatAge, formatDuration, formatTime } from '../../plots/format';
import { Workspace, useSlots } from '../charts/Workspace';
import { useLive } from '../live';
import { keys, patchRuns } from '../queries';
import { durationOf } from '../runs/columns';
import { WINDOW } from '../runs/useRunWindows';
import { Shell } from '../shell/Shell';
import { useShortcuts } from '../shell/shortcuts';
import { Empty, Failure, Progress, Skeleton } from '../shell/States';
import { StatusBadge } from '../shell/StatusBadge';
import { Tabs } from '../shell/Tabs';
import { RUN_TABS, runCodec, type RunTab } from '../url/state';
import { useUrlState } from '../url/useUrlState';
import { useNow } from '../useNow';
import { EnvironmentTab } from './EnvironmentTab';
import { OverviewTab } from './OverviewTab';
import css from './RunPage.module.css';

/** One run: what it is, its numbers, its charts, where it ran. */
export function RunPage({ project, id }: { project: number; id: string }) {
  const client = useQueryClient();
  const [state, set] = useUrlState(runCodec);
  const [, navigate] = useLocation();
  const run = useQuery({ queryKey: keys.run(id), queryFn: ({ signal }) => getRun(id, signal) });
  const owner = useQuery({ queryKey: keys.project(project), queryFn: ({ signal }) => getProject(project, signal) });
  const siblings = useQuery({
    queryKey: keys.runWindow(project, '', '', 0),
    queryFn: ({ signal }) => getRuns(project, { q: '', sort: '', limit: WINDOW, offset: 0 }, signal),
    staleTime: 60_000,
  });
  useLive(run.data ? `run=${id}` : null, {
    onRuns: (changed) => void patchRuns(client, project, changed),
    onHello: (version) => {
      const known = client.getQueryData<Run>(keys.run(id));
      // Finished runs do not change between the reading and the listening.
      if (known && known.version < version && known.status === 'running') void client.invalidateQueries({ queryKey: keys.run(id) });
    },
  });

  const list = siblings.data?.runs ?? [];
  const at = list.findIndex((other) => other.id === id);
  const newer = at > 0 ? list[at - 1] : undefined;
  const older = at >= 0 ? list[at + 1] : undefined;
  const go = (other: Run | undefined) => (): void => { if (other) navigate(`/p/${project}/r/${other.id}${location.search}`); };
  const choose = (tab: RunTab | undefined) => (): void => { if (tab) set({ tab }); };
  useShortcuts({ '[': go(newer), ']': go(older), 1: choose(RUN_TABS[0]), 2: choose(RUN_TABS[1]), 3: choose(RUN_TABS[2]) });
  const slots = useSlots([id]);

  const data = run.data;
  const crumbs = [
    { label: 'Projects', href: '/' },
    { label: owner.data?.name ?? `project ${project}`, href: `/p/${project}` },
    { label: data?.name ?? id.slice(0, 8) },
  ];
  const missing = run.error instanceof ApiError && (run.error.status === 404 || run.error.status === 400);
  return (
    <Shell crumbs={crumbs} title={data ? `${data.status === 'running' ? '(running) ' : ''}${data.name}` : 'Run'}>
      <Progress on={run.isFetching && !!data} />
      {!data && run.isPending && <Skeleton rows={10} />}
      {!data && run.isError && (missing
        ? <Empty title="There is no such run" text={`Run ${id} may have been deleted.`} action={{ href: `/p/${project}`, label: 'Runs of this project' }} />
        : <Failure what="The run could not be read" error={run.error} onRetry={() => void run.refetch()} />)}
      {data && (
        <div className={css.page}>
          <header className={css.head}>
            <div className={css.title}>
              <StatusBadge status={data.status} />
              <h1>{data.name}</h1>
              <span className={css.steps}>
                <Step to={newer} project={project} label="Newer run ([)" icon={<ChevronLeft size={16} aria-hidden="true" />} />
                <Step to={older} project={project} label="Older run (])" icon={<ChevronRight size={16} aria-hidden="true" />} />
              </span>
            </div>
            <Facts run={data} />
            {data.lifecycle === 'deleted' && <p className={css.notice}>This run is in the trash.</p>}
            {data.status === 'stale' && <p className={css.notice}>Said to be running, but it has not been heard of lately{lastStep(data)}. It may have crashed, or lost its network.</p>}
          </header>
          <Tabs
            label="Parts of the run"
            tabs={[
              { id: 'overview', label: 'Overview' },
              { id: 'metrics', label: 'Metrics', count: Object.keys(data.metrics).length },
              { id: 'environment', label: 'Environment' },
            ]}
            chosen={state.tab}
            onChoose={(tab) => set({ tab })}
          />
          <div role="tabpanel" id={`panel-${state.tab}`} aria-labelledby={`tab-${state.tab}`}>
            {state.tab === 'overview' && <OverviewTab run={data} project={project} />}
            {state.tab === 'metrics' && <div className={css.charts}><Workspace runs={[data]} slots={slots} state={state} onChange={set} /></div>}
            {state.tab === 'environment' && <EnvironmentTab run={data} />}
          </div>
        </div>
      )}
    </Shell>
  );
}

function Step({ to, project, label, icon }: { to: Run | undefined; project: number; label: string; icon: React.ReactNode }) {
  if (!to) return null;
  return <Link className="icon-button" href={`/p/${project}/r/${to.id}`} aria-label={label} title={`${label}: ${to.name}`}>{icon}</Link>;
}

function Facts({ run }: { run: Run }) {
  const now = useNow(1000);
  const commit = run.tags['mlflow.source.git.commit'];
  const facts: [string, string, string][] = [
    ['Started', formatAge(run.startedAt, now) || 'not yet', formatTime(run.startedAt)],
    ['Duration', formatDuration(durationOf(run, now)) || 'unknown', ''],
  ];
  if (run.user) facts.push(['User', run.user, '']);
  if (commit) facts.push(['Commit', commit.slice(0, 10), commit]);
  if (run.tags['lode.kind']) facts.push(['Kind', run.tags['lode.kind'], '']);
  facts.push(['Id', run.id.slice(0, 8), run.id]);
  return (
    <dl className={css.facts}>
      {facts.map(([name, value, full]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={full || undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function lastStep(run: Run): string {
  const steps = Object.values(run.metrics).map((summary) => summary.lastStep).filter(Number.isFinite);
  return steps.length > 0 ? `; its last step was ${Math.max(...steps).toLocaleString('en')}` : '';
}
