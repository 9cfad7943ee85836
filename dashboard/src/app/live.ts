import { useEffect, useRef, useSyncExternalStore } from 'react';
import { BASE } from '../api/client';
import { LiveRuns } from '../api/liveRuns';
import { connect, type LinkState } from '../api/sse';
import type { Run } from '../api/types';

/** The page's one connection for changes, its state for the live dot, and the pause switch. */
export type LiveState = LinkState | { kind: 'idle' } | { kind: 'paused' };

let state: LiveState = { kind: 'idle' };
let paused = false;
const listeners = new Set<() => void>();

function notify(next: LiveState): void {
  state = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useLiveState = (): LiveState => useSyncExternalStore(subscribe, () => state);

export function togglePause(): void {
  paused = !paused;
  notify(paused ? { kind: 'paused' } : { kind: 'connecting' });
}

export interface LiveHandlers {
  /** Runs that changed, newest version of each. */
  onRuns: (runs: Run[]) => void;
  /** Connected; the server's version of everything is `version`. */
  onHello?: (version: number) => void;
}

/** A hidden tab takes changes this seldom, in ms. */
const HIDDEN_EVERY = 10_000;

/** Listens to a topic (`project=1`, `run=…`, or `` for everything) while mounted; null listens to nothing. */
export function useLive(topic: string | null, handlers: LiveHandlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  const resume = useRef({ topic: '', lastId: '' });
  const isPaused = useSyncExternalStore(subscribe, () => paused);

  useEffect(() => {
    if (topic === null || isPaused) return;
    if (resume.current.topic !== topic) resume.current = { topic, lastId: '' };
    const waiting = new Map<string, Run>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      clearTimeout(timer);
      timer = undefined;
      if (waiting.size === 0) return;
      const runs = [...waiting.values()];
      waiting.clear();
      latest.current.onRuns(runs);
    };
    const onVisibility = (): void => {
      if (!document.hidden) flush();
    };
    document.addEventListener('visibilitychange', onVisibility);

    const live = new LiveRuns();
    const link = connect({
      url: `${BASE}/events?deltas=1${topic ? `&${topic}` : ''}`,
      lastId: resume.current.lastId,
      onState: notify,
      onEvent: (event) => {
        if (event.event === 'hello') {
          live.reset();
          const version = Number((JSON.parse(event.data) as { version?: number }).version ?? 0);
          latest.current.onHello?.(version);
        } else if (event.event === 'runs') {
          const { runs } = JSON.parse(event.data) as { runs: Record<string, unknown>[] };
          for (const json of runs) {
            const run = live.take(json);
            if (run) waiting.set(run.id, run);
          }
          if (!document.hidden) flush();
          else timer ??= setTimeout(flush, HIDDEN_EVERY);
        }
      },
    });
    return () => {
      resume.current.lastId = link.lastId;
      link.close();
      document.removeEventListener('visibilitychange', onVisibility);
      // What arrived must not be lost: the next connection resumes after it.
      flush();
      if (!paused) notify({ kind: 'idle' });
    };
  }, [topic, isPaused]);
}
