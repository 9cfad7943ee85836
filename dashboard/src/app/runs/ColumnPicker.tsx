import { useState } from 'react';
import type { Column } from '../../api/types';
import { plural } from '../../plots/format';
import { Dialog } from '../shell/Dialog';
import { BUILT_IN, byInterest } from './columns';
import css from './ColumnPicker.module.css';

interface Props {
  columns: readonly Column[];
  runs: number;
  shown: readonly string[];
  /** Null goes back to the columns that differ. */
  onChange: (fields: string[] | null) => void;
  onClose: () => void;
}

const MOST = 200;

/** Which columns the table shows: those that differ between the runs come first. */
export function ColumnPicker({ columns, runs, shown, onChange, onClose }: Props) {
  const [search, setSearch] = useState('');
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const known: Column[] = [...byInterest(columns), ...BUILT_IN.map((field) => ({ field, runs, distinct: 0 }))];
  // A chosen field that no run of this filter has stays listed, so that it can be taken away.
  const lost = shown.filter((field) => !known.some((column) => column.field === field)).map((field) => ({ field, runs: 0, distinct: 0 }));
  const matching = [...lost, ...known].filter((column) => words.every((word) => column.field.toLowerCase().includes(word)));
  const toggle = (field: string): void => onChange(shown.includes(field) ? shown.filter((f) => f !== field) : [...shown, field]);
  return (
    <Dialog title="Columns" onClose={onClose}>
      <input className={`input ${css.search}`} type="search" aria-label="Search columns" placeholder="Search" autoFocus value={search} onChange={(event) => setSearch(event.target.value)} />
      <ul className={css.list} tabIndex={0} aria-label="Columns">
        {matching.slice(0, MOST).map((column) => (
          <li key={column.field}>
            <label>
              <input type="checkbox" checked={shown.includes(column.field)} onChange={() => toggle(column.field)} />
              <span className={css.name}>{column.field}</span>
              <span className={css.about}>{about(column, runs)}</span>
            </label>
          </li>
        ))}
        {matching.length === 0 && <li className={css.about}>No column matches.</li>}
        {matching.length > MOST && <li className={css.about}>{MOST} of {plural(matching.length, 'column')}; search to see others.</li>}
      </ul>
      <div className={css.foot}>
        <button type="button" className="button" onClick={() => onChange(null)}>Those that differ</button>
        <button type="button" className="button" onClick={onClose}>Done</button>
      </div>
    </Dialog>
  );
}

function about(column: Column, runs: number): string {
  if (column.distinct === 0) return '';
  const values = column.distinct === 1 ? 'all equal' : `${column.distinct} values`;
  return column.runs < runs ? `${values}, ${column.runs} of ${plural(runs, 'run')}` : values;
}
