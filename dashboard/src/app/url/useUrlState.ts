import { useCallback, useMemo } from 'react';
// wouter's own `useSearch` unescapes the text once too often for values that hold a percent sign.
import { navigate, useSearch } from 'wouter/use-browser-location';
import type { Codec } from './codec';

export type SetState<S> = (change: Partial<S>, how?: 'push' | 'replace') => void;

/** A page's state, kept in the address. A change is a step of the history unless it replaces (typing, dragging). */
export function useUrlState<S extends object>(codec: Codec<S>): [S, SetState<S>] {
  const search = useSearch();
  const state = useMemo(() => codec.parse(search), [codec, search]);
  const set = useCallback<SetState<S>>(
    (change, how = 'push') => {
      const next = codec.format({ ...codec.parse(location.search), ...change });
      if (next === location.search.slice(1)) return;
      navigate(location.pathname + (next ? `?${next}` : ''), { replace: how === 'replace' });
    },
    [codec],
  );
  return [state, set];
}

/** Address of a page with this much of its state set. */
export function linkTo<S extends object>(path: string, codec: Codec<S>, change: Partial<S>): string {
  const query = codec.format({ ...codec.parse(''), ...change });
  return query ? `${path}?${query}` : path;
}
