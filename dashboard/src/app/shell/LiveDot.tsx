import { useEffect, useState } from 'react';
import { togglePause, useLiveState } from '../live';
import css from './Shell.module.css';

/** Whether what is shown is live; a click pauses. */
export function LiveDot() {
  const state = useLiveState();
  const [now, setNow] = useState(() => Date.now());
  const counting = state.kind === 'reconnecting';
  useEffect(() => {
    if (!counting) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [counting, state]);

  if (state.kind === 'idle') return null;
  const seconds = counting ? Math.max(0, Math.ceil((state.retryAt - now) / 1000)) : 0;
  const label = {
    connected: 'live',
    connecting: 'connecting',
    paused: 'paused',
    reconnecting: seconds > 0 ? `reconnecting in ${seconds} s` : 'reconnecting',
  }[state.kind];
  return (
    <button
      type="button"
      className={css.dot}
      data-kind={state.kind}
      aria-label={`Live updates: ${label}`}
      aria-pressed={state.kind === 'paused'}
      title={state.kind === 'paused' ? 'Resume live updates (.)' : 'Pause live updates (.)'}
      onClick={togglePause}
    >
      <i aria-hidden="true" />
      <span>{label}</span>
    </button>
  );
}
