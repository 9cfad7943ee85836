/**
 * A page's state as a query string and back. Pure: `parse(format(state))` is `state` for every valid state, a default is
 * left out, and whatever cannot be read becomes the default. Names and forms are a contract: links outlive versions.
 */

export interface Field<T> {
  /** null: the default, left out of the address. */
  write: (value: T) => string | null;
  read: (text: string | null) => T;
}

export interface Codec<S> {
  parse: (search: string) => S;
  format: (state: S) => string;
}

export function defineCodec<S extends object>(fields: { [K in keyof S]: Field<S[K]> }): Codec<S> {
  const names = Object.keys(fields) as (keyof S & string)[];
  return {
    parse(search) {
      const params = new URLSearchParams(search);
      const state: Partial<S> = {};
      for (const name of names) state[name] = fields[name].read(params.get(name));
      return state as S;
    },
    format(state) {
      const params = new URLSearchParams();
      for (const name of names) {
        const text = fields[name].write(state[name]);
        if (text !== null) params.set(name, text);
      }
      // These need no escape in a query, and a person reads the address.
      return params.toString().replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%2F', '/');
    },
  };
}

export const text = (): Field<string> => ({
  write: (value) => value || null,
  read: (value) => value ?? '',
});

export const flag = (): Field<boolean> => ({
  write: (value) => (value ? '1' : null),
  read: (value) => value === '1',
});

/** One of a few words; the first is the default. */
export const choice = <T extends string>(words: readonly [T, ...T[]]): Field<T> => ({
  write: (value) => (value === words[0] ? null : value),
  read: (value) => words.find((word) => word === value) ?? words[0],
});

/** A number in [0, max]; 0 is the default. */
export const amount = (max: number): Field<number> => ({
  write: (value) => (value === 0 ? null : String(value)),
  read: (value) => {
    const number = value ? Number(value) : 0;
    return Number.isFinite(number) && number >= 0 && number <= max ? number + 0 : 0;
  },
});

/** Items apart by commas; inside an item `~` is `~~` and a comma `~.`; `~0` is the list of one empty item. */
export function joinList(items: readonly string[]): string {
  if (items.length === 1 && items[0] === '') return '~0';
  return items.map((item) => item.replaceAll('~', '~~').replaceAll(',', '~.')).join(',');
}

export function splitList(joined: string): string[] {
  if (joined === '') return [];
  if (joined === '~0') return [''];
  return joined.split(',').map((item) => item.replace(/~[~.]/g, (pair) => (pair === '~~' ? '~' : ',')));
}

export const list = (): Field<string[]> => ({
  write: (value) => (value.length === 0 ? null : joinList(value)),
  read: (value) => splitList(value ?? ''),
});

/** A list for which "none chosen" (null, the default) and "chosen: nothing" differ. */
export const optionalList = (): Field<string[] | null> => ({
  write: (value) => (value === null ? null : joinList(value)),
  read: (value) => (value === null ? null : splitList(value)),
});

export interface Sort {
  field: string;
  descending: boolean;
}

/** The server's own form, `FIELD asc|desc`; null is the server's own order. */
export function formatSort(sort: Sort | null): string {
  return sort ? `${sort.field} ${sort.descending ? 'desc' : 'asc'}` : '';
}

export const sorting = (): Field<Sort | null> => ({
  write: (value) => formatSort(value) || null,
  read: (value) => {
    const match = value ? /^(.+) (asc|desc)$/s.exec(value) : null;
    return match ? { field: match[1]!, descending: match[2] === 'desc' } : null;
  },
});

/** `a..b` with a < b. */
export const range = (): Field<readonly [number, number] | null> => ({
  write: (value) => (value ? `${value[0]}..${value[1]}` : null),
  read: (value) => {
    const ends = value ? value.split('..') : [];
    if (ends.length !== 2 || ends.some((end) => end.trim() === '')) return null;
    const [from, to] = ends.map(Number) as [number, number];
    return Number.isFinite(from) && Number.isFinite(to) && from < to ? [from + 0, to + 0] : null;
  },
});
