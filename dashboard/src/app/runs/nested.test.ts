import { describe, expect, test } from 'vitest';
import type { Run } from '../../api/types';
import { childrenOf, locate, type Opened } from './useNestedRuns';

const children = (count: number): Run[] => Array.from({ length: count }, (_, i) => ({ id: String(i) }) as Run);

describe('locate', () => {
  const opened: Opened[] = [{ row: 1, children: children(2) }, { row: 2, children: children(0) }, { row: 4, children: children(1) }];

  test('goes through every parent and child once, children after their parent', () => {
    expect(Array.from({ length: 9 }, (_, row) => locate(row, opened)).map(({ parent, child }) => (child === null ? `${parent}` : `${parent}.${child}`)))
      .toEqual(['0', '1', '1.0', '1.1', '2', '3', '4', '4.0', '5']);
  });

  test('with nothing opened a row is its own', () => {
    expect(locate(7, [])).toEqual({ parent: 7, child: null });
  });
});

test('childrenOf names the parent in the filter language', () => {
  expect(childrenOf('0123456789abcdef0123456789abcdef')).toBe('tags.mlflow.parentRunId:0123456789abcdef0123456789abcdef');
});
