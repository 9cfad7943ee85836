import { decodeRun } from './decode';
import type { Run } from './types';

type Json = Record<string, unknown>;

/** The runs that one stream has sent: a delta says what changed of a run since the stream sent it last. */
export class LiveRuns {
  private readonly known = new Map<string, Run>();

  /** A new connection sends every run whole again. */
  reset(): void {
    this.known.clear();
  }

  /** The run as it is now, or null when its beginning was never sent. */
  take(json: Json): Run | null {
    const run = json.delta === true ? this.merge(json) : decodeRun(json);
    if (run) this.known.set(run.id, run);
    return run;
  }

  private merge(json: Json): Run | null {
    const old = this.known.get(String(json.id));
    if (!old) return null;
    // Decoding the change alone gives its metrics as numbers, and nothing for what it does not hold.
    const change = decodeRun(json);
    const tags = { ...old.tags, ...change.tags };
    for (const key of (json.removedTags ?? []) as string[]) delete tags[key];
    return {
      ...old,
      name: 'name' in json ? change.name : old.name,
      status: 'status' in json ? change.status : old.status,
      lifecycle: 'lifecycle' in json ? change.lifecycle : old.lifecycle,
      endedAt: change.endedAt ?? old.endedAt,
      version: change.version,
      params: { ...old.params, ...change.params },
      tags,
      metrics: { ...old.metrics, ...change.metrics },
    };
  }
}
