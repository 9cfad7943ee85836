import { Route, Switch } from 'wouter';
import { ProjectsPage } from './projects/ProjectsPage';
import { RunPage } from './run/RunPage';
import { RunsPage } from './runs/RunsPage';
import { Shell } from './shell/Shell';
import { Empty } from './shell/States';

export function App() {
  return (
    <Switch>
      <Route path="/">{() => <ProjectsPage />}</Route>
      <Route path="/p/:project">{({ project }) => <RunsPage key={project} id={Number(project)} />}</Route>
      <Route path="/p/:project/r/:run">{({ project, run }) => <RunPage key={run} project={Number(project)} id={run} />}</Route>
      <Route>
        {() => (
          <Shell crumbs={[]} title="Not found">
            <Empty title="There is no such page" text={`Nothing lives at ${location.pathname}.`} action={{ href: '/', label: 'All projects' }} />
          </Shell>
        )}
      </Route>
    </Switch>
  );
}
