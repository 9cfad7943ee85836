import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { SseParser, connect, type Link, type LinkState, type SseEvent } from './sse';

describe('SseParser', () => {
  test('reads name, data of several lines and id', () => {
    expect(new SseParser().push('event: runs\nid: 7\ndata: a\ndata:b\ndata:  c\n\n')).toEqual([{ event: 'runs', data: 'a\nb\n c', id: '7' }]);
  });

  test('passes over comments, retry and events without data', () => {
    expect(new SseParser().push(': beat\n\nretry: 5\nevent: x\n\ndata\n\n')).toEqual([{ event: 'message', data: '', id: '' }]);
  });

  test('keeps the last id for events that bring none, and a bare id clears it', () => {
    const ids = new SseParser().push('id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n').map((e) => e.id);
    expect(ids).toEqual(['1', '1', '']);
  });

  test('drops a byte order mark, and an event cut off by the end', () => {
    expect(new SseParser().push('\ufeffdata: a\n\ndata: lost')).toEqual([{ event: 'message', data: 'a', id: '' }]);
  });

  test('any split of the text and any line ending give the same events', () => {
    const line = fc.constantFrom('event: runs', 'data: {"a":1}', 'data:x', 'id: 4', ': beat', '', '', 'data', 'nonsense: 1');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.constantFrom('\n', '\r\n', '\r'), fc.array(fc.nat(8)), (lines, ending, cuts) => {
        const plain = [...lines, '', ''].join('\n');
        const whole = new SseParser().push(`${plain}\n`);
        const parser = new SseParser();
        const pieces: SseEvent[] = [];
        let rest = plain.replaceAll('\n', ending) + ending;
        for (const cut of cuts) {
          pieces.push(...parser.push(rest.slice(0, cut)));
          rest = rest.slice(cut);
        }
        pieces.push(...parser.push(rest), ...parser.push('\n'));
        expect(pieces).toEqual(whole);
      }),
    );
  });
});

describe('connect', () => {
  let server: Server | undefined;
  let link: Link | undefined;
  afterEach(async () => {
    link?.close();
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  });

  async function listen(answer: (request: IncomingMessage, response: ServerResponse, n: number) => void): Promise<string> {
    let n = 0;
    server = createServer((request, response) => answer(request, response, ++n));
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  }

  const stream = (response: ServerResponse): void => void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();

  function until(options: { url: string; lastId?: string; silence?: number }, events: number): Promise<{ events: string[]; states: LinkState['kind'][] }> {
    const seen: string[] = [];
    const states: LinkState['kind'][] = [];
    return new Promise((resolve) => {
      link = connect({
        ...options,
        backoff: [5],
        onState: (state) => states.push(state.kind),
        onEvent: (event) => {
          seen.push(event.data);
          if (seen.length === events) resolve({ events: seen, states });
        },
      });
    });
  }

  test('takes up after the last id seen when the server hangs up', async () => {
    const resumed: (string | undefined)[] = [];
    const url = await listen((request, response, n) => {
      resumed.push(request.headers['last-event-id'] as string | undefined);
      stream(response);
      response.end(`id: ${n * 10}\ndata: ${n}\n\n`);
    });
    const { events, states } = await until({ url }, 3);
    expect(events).toEqual(['1', '2', '3']);
    expect(resumed.slice(0, 3)).toEqual([undefined, '10', '20']);
    expect(states.slice(0, 4)).toEqual(['connecting', 'connected', 'reconnecting', 'connected']);
  });

  test('an event cut in the middle is not delivered and does not move the id', async () => {
    const resumed: (string | undefined)[] = [];
    const url = await listen((request, response, n) => {
      resumed.push(request.headers['last-event-id'] as string | undefined);
      stream(response);
      if (n === 1) response.write('id: 1\ndata: whole\n\nid: 2\ndata: ha', () => response.destroy());
      else response.write('id: 2\ndata: half\n\n');
    });
    const { events } = await until({ url }, 2);
    expect(events).toEqual(['whole', 'half']);
    expect(resumed).toEqual([undefined, '1']);
  });

  test('tries again after refusals', async () => {
    const url = await listen((_request, response, n) => {
      if (n < 4) return void response.writeHead(503).end();
      stream(response);
      response.write('data: here\n\n');
    });
    const { events, states } = await until({ url }, 1);
    expect(events).toEqual(['here']);
    expect(states).toEqual(['connecting', 'reconnecting', 'reconnecting', 'reconnecting', 'connected']);
  });

  test('gives up a connection that fell silent', async () => {
    const url = await listen((_request, response, n) => {
      stream(response);
      response.write(n === 1 ? ': beat\n\n' : 'data: second\n\n');
    });
    expect((await until({ url, silence: 60 }, 1)).events).toEqual(['second']);
  });

  test('starts where it is told and stops when closed', async () => {
    let asked = '';
    let requests = 0;
    const url = await listen((request, response) => {
      requests++;
      asked = String(request.headers['last-event-id']);
      stream(response);
      response.write('id: 43\ndata: x\n\n');
    });
    await until({ url, lastId: '42' }, 1);
    expect(asked).toBe('42');
    expect(link!.lastId).toBe('43');
    link!.close();
    server!.closeAllConnections();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(requests).toBe(1);
  });
});
