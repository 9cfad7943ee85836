import { useState } from 'react';
import { CopyButton } from '../shell/CopyButton';
import { Tabs } from '../shell/Tabs';
import { useLiveState } from '../live';
import { snippets } from './snippets';
import css from './ProjectsPage.module.css';

/** First start: three ways to a first run, and the word that the page is listening. */
export function Newcomer({ project = 'my-project' }: { project?: string }) {
  const ways = snippets(location.origin, project);
  const [chosen, setChosen] = useState(ways[0]!.id);
  const way = ways.find((w) => w.id === chosen)!;
  const live = useLiveState();
  return (
    <section className={css.intro}>
      <h2>No runs yet</h2>
      <p>Send one and it appears here by itself.</p>
      <Tabs label="Ways to log a run" tabs={ways} chosen={chosen} onChoose={setChosen} />
      <div role="tabpanel" id={`panel-${chosen}`} aria-labelledby={`tab-${chosen}`}>
        <p className={css.why}>{way.why}</p>
        <div className={css.snippet}>
          <pre tabIndex={0} aria-label={way.label}><code>{way.code}</code></pre>
          <CopyButton text={way.code} />
        </div>
      </div>
      <p className={css.waiting} role="status">
        {live.kind === 'connected' ? <><i aria-hidden="true" /> Waiting for the first point…</> : live.kind === 'paused' ? 'Live updates are paused.' : 'Connecting to the server…'}
      </p>
    </section>
  );
}
