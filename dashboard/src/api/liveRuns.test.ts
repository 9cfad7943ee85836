import { expect, test } from 'vitest';
import { LiveRuns } from './liveRuns';

const whole = {
  id: 'a', projectId: 1, name: 'n', status: 'running', lifecycle: 'active', user: 'ada', startedAt: 5, version: 3,
  params: { lr: '1' }, tags: { x: '1', y: '2' }, metrics: { loss: { last: 1, lastStep: 0, lastTime: 1, min: 1, max: 1, mean: 1, count: 1 } },
};

test('a delta changes what it names and leaves the rest', () => {
  const runs = new LiveRuns();
  runs.take(whole);
  const summary = { last: 'NaN', lastStep: 1, lastTime: 2, min: 1, max: 1, mean: 1, count: 2 };
  runs.take({ id: 'a', delta: true, version: 4, tags: { z: '3' }, removedTags: ['x'], metrics: { loss: summary } });
  const run = runs.take({ id: 'a', delta: true, version: 5, status: 'finished', endedAt: 9, params: { depth: '4' } })!;
  expect(run).toMatchObject({ name: 'n', user: 'ada', startedAt: 5, endedAt: 9, status: 'finished', lifecycle: 'active', version: 5, params: { lr: '1', depth: '4' } });
  expect(run.tags).toEqual({ y: '2', z: '3' });
  expect(run.metrics.loss).toEqual({ ...summary, last: NaN });
});

test('a delta of a run that this connection did not send is passed over', () => {
  const runs = new LiveRuns();
  expect(runs.take({ id: 'a', delta: true, version: 4 })).toBeNull();
  runs.take(whole);
  runs.reset();
  expect(runs.take({ id: 'a', delta: true, version: 4 })).toBeNull();
});
