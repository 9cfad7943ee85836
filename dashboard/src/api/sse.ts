/** Server-sent events over a fetch stream: the parser, and a connection that resumes where it broke off. */

export interface SseEvent {
  event: string;
  data: string;
  id: string;
}

/** Incremental parser of `text/event-stream` (WHATWG HTML, section 9.2.6). Feed it any split of the text. */
export class SseParser {
  private buffer = '';
  private event = '';
  private data: string[] = [];
  private lastId = '';
  private started = false;

  push(chunk: string): SseEvent[] {
    const events: SseEvent[] = [];
    this.buffer += chunk;
    if (!this.started && this.buffer) {
      this.started = true;
      if (this.buffer.charCodeAt(0) === 0xfeff) this.buffer = this.buffer.slice(1);
    }
    for (;;) {
      const end = this.buffer.search(/[\r\n]/);
      if (end < 0) return events;
      const cr = this.buffer[end] === '\r';
      // A CR at the very end may be the first half of CRLF: wait for what follows.
      if (cr && end + 1 === this.buffer.length) return events;
      const line = this.buffer.slice(0, end);
      this.buffer = this.buffer.slice(end + (cr && this.buffer[end + 1] === '\n' ? 2 : 1));
      this.line(line, events);
    }
  }

  private line(line: string, events: SseEvent[]): void {
    if (line === '') {
      if (this.data.length > 0) events.push({ event: this.event || 'message', data: this.data.join('\n'), id: this.lastId });
      this.event = '';
      this.data = [];
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const rest = colon < 0 ? '' : line.slice(colon + 1);
    const value = rest.startsWith(' ') ? rest.slice(1) : rest;
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    else if (field === 'id' && !value.includes('\0')) this.lastId = value;
  }
}

export type LinkState = { kind: 'connecting' } | { kind: 'connected' } | { kind: 'reconnecting'; retryAt: number };

export interface LinkOptions {
  url: string;
  /** Resume after this event id. */
  lastId?: string;
  onEvent: (event: SseEvent) => void;
  onState?: (state: LinkState) => void;
  /** Waits after the 1st, 2nd, … failure in a row, in ms; the last repeats. */
  backoff?: readonly number[];
  /** A connection silent for longer is taken for dead, in ms; the server beats every 15 s. */
  silence?: number;
}

export interface Link {
  /** Id of the last event seen, to resume from; empty if none. */
  readonly lastId: string;
  close(): void;
}

const BACKOFF = [500, 1000, 2000, 5000, 10_000] as const;

/** Opens the stream and keeps it open until closed; a break loses nothing, because the next request names the last id seen. */
export function connect(options: LinkOptions): Link {
  const backoff = options.backoff ?? BACKOFF;
  const silence = options.silence ?? 40_000;
  const closed = new AbortController();
  let lastId = options.lastId ?? '';
  let failures = 0;

  const attempt = async (): Promise<void> => {
    const gone = new AbortController();
    const signal = AbortSignal.any([closed.signal, gone.signal]);
    let watchdog = setTimeout(() => gone.abort(), silence);
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (lastId) headers['Last-Event-ID'] = lastId;
      const response = await fetch(options.url, { headers, signal, cache: 'no-store' });
      if (!response.ok || !response.body) {
        await response.body?.cancel();
        return;
      }
      options.onState?.({ kind: 'connected' });
      const parser = new SseParser();
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        failures = 0;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => gone.abort(), silence);
        for (const event of parser.push(decoder.decode(value, { stream: true }))) {
          if (closed.signal.aborted) return;
          if (event.id) lastId = event.id;
          options.onEvent(event);
        }
      }
    } catch {
      // Broken network or a silent peer: the loop below tries again.
    } finally {
      clearTimeout(watchdog);
    }
  };

  const loop = async (): Promise<void> => {
    options.onState?.({ kind: 'connecting' });
    while (!closed.signal.aborted) {
      await attempt();
      if (closed.signal.aborted) return;
      const wait = backoff[Math.min(failures, backoff.length - 1)] ?? 0;
      failures++;
      options.onState?.({ kind: 'reconnecting', retryAt: Date.now() + wait });
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        closed.signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
      });
    }
  };
  void loop();

  return {
    get lastId() { return lastId; },
    close: () => closed.abort(),
  };
}
