import { QueryClient } from '@tanstack/react-query';
import { describe, expect, test, vi } from 'vitest';
import type { RunPage } from '../api/types';
import { keys, patchPage, patchRuns } from './queries';
import { run } from './testing';
import { throttle } from './throttle';

describe('live changes', () => {
  const page: RunPage = { runs: [run({ id: 'a', version: 3 }), run({ id: 'b', version: 3 })], total: 2, all: 2 };

  test('a newer version takes its place, an older one is dropped, order stays', () => {
    const next = patchPage(page, new Map([['a', run({ id: 'a', version: 2, name: 'old' })], ['b', run({ id: 'b', version: 4, name: 'new' })]]));
    expect(next.runs.map((r) => r.name)).toEqual(['n', 'new']);
    expect(patchPage(page, new Map())).toBe(page);
  });

  test('runs shown nowhere are told', () => {
    const client = new QueryClient();
    client.setQueryData(keys.runWindow(1, '', '', 0), page);
    client.setQueryData(keys.runWindow(1, 'x', '', 0), { ...page, runs: [run({ id: 'c' })] });
    const unknown = patchRuns(client, 1, [run({ id: 'b', version: 9, name: 'late' }), run({ id: 'c', version: 9 }), run({ id: 'd' })]);
    expect(unknown.map((r) => r.id)).toEqual(['d']);
    expect(client.getQueryData<RunPage>(keys.runWindow(1, '', '', 0))!.runs[1]!.name).toBe('late');
    expect(client.getQueryData(keys.run('b'))).toMatchObject({ name: 'late' });
  });
});

test('throttle runs at once, then at the end of each wait while asked', () => {
  vi.useFakeTimers();
  let runs = 0;
  const go = throttle(() => runs++, 100);
  go();
  go();
  go();
  expect(runs).toBe(1);
  vi.advanceTimersByTime(100);
  expect(runs).toBe(2);
  vi.advanceTimersByTime(500);
  expect(runs).toBe(2);
  go();
  expect(runs).toBe(3);
  vi.useRealTimers();
});
