import type { Run } from '../../api/types';
import { Empty } from '../shell/States';
import { environmentOf } from './environment';
import css from './RunPage.module.css';

/** Where and from what the run ran. */
export function EnvironmentTab({ run }: { run: Run }) {
  const groups = environmentOf(run.tags);
  if (groups.length === 0) {
    return <Empty title="No environment was recorded" text="Tags that begin with lode.env. or mlflow. are shown here; the Lode SDK and MLflow clients set them when a run starts." />;
  }
  return (
    <div className={css.stack}>
      {groups.map((group) => (
        <section key={group.title} className={css.card} aria-label={group.title}>
          <h2>{group.title}</h2>
          <dl className={css.pairs}>
            {group.entries.map(([key, value]) => (
              <div key={key}>
                <dt title={key}>{key}</dt>
                <dd>{value || '(empty)'}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
