import { Link } from 'wouter';
import type { Run } from '../../api/types';
import { formatExact, formatNumber } from '../../plots/format';
import { Sparkline } from '../../plots/Sparkline';
import { useSeries } from '../charts/useSeries';
import { useNear } from '../charts/useNear';
import { quote } from '../filter';
import { CopyButton } from '../shell/CopyButton';
import { runsCodec } from '../url/state';
import { linkTo } from '../url/useUrlState';
import { isEnvironment } from './environment';
import css from './RunPage.module.css';

const natural = new Intl.Collator('en', { numeric: true }).compare;
const byKey = <T,>(entries: [string, T][]): [string, T][] => entries.sort(([a], [b]) => natural(a, b));

/** Metrics in numbers, parameters, and the tags people gave. */
export function OverviewTab({ run, project }: { run: Run; project: number }) {
  const metrics = byKey(Object.entries(run.metrics));
  const params = byKey(Object.entries(run.params));
  const tags = byKey(Object.entries(run.tags).filter(([key]) => !isEnvironment(key)));
  const note = run.tags['mlflow.note.content'];
  return (
    <div className={css.columns}>
      <section className={css.card} aria-labelledby="metrics-title">
        <h2 id="metrics-title">Metrics</h2>
        {metrics.length === 0 ? <p className={css.none}>None logged yet.</p> : (
          <div className={css.scroll} tabIndex={0} role="region" aria-labelledby="metrics-title">
            <table className={css.numbers}>
              <thead>
                <tr><th scope="col">name</th><th scope="col"><span className="sr-only">course</span></th>{['last', 'min', 'max', 'mean', 'points'].map((h) => <th key={h} scope="col">{h}</th>)}</tr>
              </thead>
              <tbody>
                {metrics.map(([key, summary]) => (
                  <tr key={key}>
                    <th scope="row" title={key}>{key}</th>
                    <td>{summary.count > 1 && <Course run={run} metric={key} />}</td>
                    {[summary.last, summary.min, summary.max, summary.mean].map((value, i) => (
                      <td key={i} title={formatExact(value)} data-strong={i === 0 || undefined} data-faint={(i > 0 && summary.count === 1) || undefined}>{formatNumber(value)}</td>
                    ))}
                    <td>{summary.count.toLocaleString('en')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      <div className={css.side}>
        <section className={css.card} aria-labelledby="params-title">
          <div className={css.cardHead}>
            <h2 id="params-title">Parameters</h2>
            {params.length > 0 && <CopyButton text={JSON.stringify(Object.fromEntries(params), null, 2)} label="Copy as JSON" />}
          </div>
          {params.length === 0 ? <p className={css.none}>None logged.</p> : (
            <dl className={css.pairs}>
              {params.map(([key, value]) => (
                <div key={key}>
                  <dt title={key}>{key}</dt>
                  <dd>
                    <Link title={`Runs with this ${key}`} href={linkTo(`/p/${project}`, runsCodec, { q: `params.${key}=${quote(value)}` })}>{value || '(empty)'}</Link>
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </section>
        {note && <section className={css.card} aria-labelledby="note-title"><h2 id="note-title">Note</h2><p className={css.note}>{note}</p></section>}
        {tags.length > 0 && (
          <section className={css.card} aria-labelledby="tags-title">
            <h2 id="tags-title">Tags</h2>
            <dl className={css.pairs}>
              {tags.map(([key, value]) => (
                <div key={key}>
                  <dt title={key}>{key}</dt>
                  <dd><Link title="Runs with this tag" href={linkTo(`/p/${project}`, runsCodec, { q: `tags.${key}:${quote(value)}` })}>{value || '(empty)'}</Link></dd>
                </div>
              ))}
            </dl>
          </section>
        )}
      </div>
    </div>
  );
}

function Course({ run, metric }: { run: Run; metric: string }) {
  const [ref, near] = useNear<HTMLDivElement>();
  return <div ref={ref} className={css.spark}>{near && <Drawn run={run} metric={metric} />}</div>;
}

function Drawn({ run, metric }: { run: Run; metric: string }) {
  const { series } = useSeries([run], metric, null, 60);
  const points = series[0]?.points;
  return points ? <Sparkline y={points.values} /> : null;
}
