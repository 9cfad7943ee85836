import { expect, test } from 'vitest';
import { environmentOf, isEnvironment } from './environment';

test('tags of the environment are grouped by origin, each once, without their prefix', () => {
  const tags = { 'mlflow.user': 'ada', 'mlflow.source.name': 'train.py', 'lode.env.os': 'Linux', 'lode.env.cpu': 'x', team: 'a', 'lode.kind': 'trial', 'mlflow.note.content': 'n' };
  expect(environmentOf(tags)).toEqual([
    { title: 'Machine and runtime', entries: [['cpu', 'x'], ['os', 'Linux']] },
    { title: 'Source', entries: [['name', 'train.py']] },
    { title: 'MLflow', entries: [['user', 'ada']] },
  ]);
  expect(Object.keys(tags).filter((key) => !isEnvironment(key))).toEqual(['team', 'lode.kind']);
});
