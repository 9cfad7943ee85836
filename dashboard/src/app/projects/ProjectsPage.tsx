import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { Link } from 'wouter';
import { getProjects } from '../../api/client';
import { STATUSES, type Project } from '../../api/types';
import { formatAge, formatTime, plural } from '../../plots/format';
import { useLive } from '../live';
import { countRunning, keys } from '../queries';
import { Shell } from '../shell/Shell';
import { Failure, Skeleton } from '../shell/States';
import { StatusBadge } from '../shell/StatusBadge';
import { runsCodec } from '../url/state';
import { linkTo } from '../url/useUrlState';
import { useNow } from '../useNow';
import { throttle } from '../throttle';
import { Newcomer } from './Newcomer';
import css from './ProjectsPage.module.css';

/** All projects, last activity first; for a newcomer, how to make one. */
export function ProjectsPage() {
  const client = useQueryClient();
  const projects = useQuery({ queryKey: keys.projects, queryFn: ({ signal }) => getProjects(signal) });
  const refetch = useRef(throttle(() => void client.invalidateQueries({ queryKey: keys.projects }), 1000)).current;
  // A project made while the page was not listening shows with the greeting of the stream.
  useLive('', { onRuns: refetch, onHello: refetch });

  const list = projects.data;
  const running = list ? countRunning(list) : 0;
  const runs = list ? list.reduce((n, project) => n + project.runs.total, 0) : 0;
  return (
    <Shell crumbs={[{ label: 'Projects' }]} title={running > 0 ? `(${running} running) Projects` : 'Projects'}>
      <div className={css.page}>
        <header className={css.head}>
          <h1>Projects</h1>
          {runs > 0 && list && (
            <p>
              {plural(list.length, 'project')}, {plural(runs, 'run')}
              {running > 0 && `, ${running} running`}
            </p>
          )}
        </header>
        {projects.isError && !list && <Failure what="The projects could not be read" error={projects.error} onRetry={() => void projects.refetch()} />}
        {projects.isPending && <Skeleton rows={6} height={44} />}
        {list && runs === 0 && <Newcomer />}
        {list && list.length > 0 && <ProjectTable projects={list} />}
      </div>
    </Shell>
  );
}

function ProjectTable({ projects }: { projects: readonly Project[] }) {
  const now = useNow(15_000);
  return (
    <div className={css.card}>
      <table className={css.table} aria-label="Projects">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className={css.number}>Runs</th>
            <th scope="col">By status</th>
            <th scope="col">Last activity</th>
            <th scope="col" className={css.wide}>Created</th>
          </tr>
        </thead>
        <tbody>
          {projects.map((project) => {
            // MLflow's project "Default" is there from the start: time 0 is no time.
            const active = project.lastRunAt ?? (project.updatedAt || null);
            const created = project.createdAt || null;
            return (
              <tr key={project.id}>
                <th scope="row"><Link href={`/p/${project.id}`}>{project.name}</Link></th>
                <td className={css.number}>{project.runs.total.toLocaleString('en')}</td>
                <td>
                  <span className={css.statuses}>
                    {STATUSES.filter((status) => project.runs[status] > 0).map((status) => (
                      <Link key={status} href={linkTo(`/p/${project.id}`, runsCodec, { q: `status:${status}` })}>
                        <StatusBadge status={status} count={project.runs[status]} />
                      </Link>
                    ))}
                    {project.runs.total === 0 && <span className={css.none}>no runs yet</span>}
                  </span>
                </td>
                <td title={formatTime(active)}>{formatAge(active, now) || '–'}</td>
                <td className={css.wide} title={formatTime(created)}>{formatAge(created, now) || '–'}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
