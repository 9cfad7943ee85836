import { afterEach, describe, expect, test, vi } from 'vitest';
import { getProjects, getRun, getRuns, getSeries } from './client';
import { toNumber } from './decode';

function answer(status: number, body: string): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(url);
    return Promise.resolve(new Response(body, { status }));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

describe('client', () => {
  test('numbers that JSON lacks come as strings', () => {
    expect([toNumber(1.5), toNumber('Infinity'), toNumber('-Infinity'), toNumber('NaN'), toNumber(null)]).toEqual([1.5, Infinity, -Infinity, NaN, NaN]);
  });

  test('a run is decoded with its odd numbers, and what is absent is empty', async () => {
    answer(200, '{"id":"a","projectId":1,"name":"n","status":"failed","version":3,"metrics":{"loss":{"last":"NaN","min":0.5,"max":"Infinity","mean":1,"count":2,"lastStep":1,"lastTime":9}}}');
    const run = await getRun('a');
    expect(run.metrics.loss).toEqual({ last: NaN, min: 0.5, max: Infinity, mean: 1, count: 2, lastStep: 1, lastTime: 9 });
    expect([run.params, run.tags, run.startedAt, run.endedAt, run.user]).toEqual([{}, {}, null, null, '']);
  });

  test('the question is escaped', async () => {
    const asked = answer(200, '{"runs":[],"total":0,"all":0}');
    await getRuns(4, { q: 'params.a="x & y" -status:failed', sort: 'metrics.a/b desc', limit: 100, offset: 200 });
    const url = new URL(asked[0]!, 'http://host');
    expect(url.pathname).toBe('/api/v1/projects/4/runs');
    expect(Object.fromEntries(url.searchParams)).toEqual({ q: 'params.a="x & y" -status:failed', sort: 'metrics.a/b desc', limit: '100', offset: '200' });
  });

  test('series repeat run and key', async () => {
    const asked = answer(200, '{"series":[{"run":"a","key":"k","count":1,"bucketed":false,"steps":[1],"times":[2],"values":["NaN"]}]}');
    const series = await getSeries({ runs: ['a', 'b'], keys: ['k', 'l'], buckets: 600, range: [1, 9] });
    expect(asked[0]).toBe('/api/v1/metrics?run=a&run=b&key=k&key=l&buckets=600&from=1&to=9');
    expect(series[0]!.values).toEqual([NaN]);
    expect(series[0]!.min).toBeUndefined();
  });

  test('a refusal carries the server’s words', async () => {
    answer(400, '{"error":{"code":"bad_filter","message":"Unknown field at 3.","hint":"Try name.","retryable":false}}');
    await expect(getProjects()).rejects.toMatchObject({ status: 400, code: 'bad_filter', message: 'Unknown field at 3.', hint: 'Try name.' });
  });

  test('an error that is not JSON still says what failed', async () => {
    answer(502, '<html>');
    await expect(getProjects()).rejects.toMatchObject({ status: 502, retryable: true, message: 'GET /projects failed with HTTP 502.' });
  });

  test('no server is told apart from a refusal', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
    await expect(getProjects()).rejects.toMatchObject({ status: 0, code: 'unreachable' });
  });
});
