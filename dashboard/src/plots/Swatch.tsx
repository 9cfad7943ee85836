import { colorOf, dashOf, useDark } from './palette';
import css from './LineChart.module.css';

/** A short piece of a run's line, in its colour and dash. */
export function Swatch({ slot }: { slot: number }) {
  const dark = useDark();
  return (
    <svg className={css.swatch} viewBox="0 0 14 6" aria-hidden="true">
      <line x1="0" y1="3" x2="14" y2="3" stroke={colorOf(slot, dark)} strokeWidth="2.5" strokeDasharray={dashOf(slot)?.join(' ')} />
    </svg>
  );
}

/** Names of the lines beside their colours. */
export function Legend({ items }: { items: readonly { id: string; label: string; slot: number }[] }) {
  return (
    <ul className={css.legend} aria-label="Legend" tabIndex={items.length > 8 ? 0 : undefined}>
      {items.map((item) => (
        <li key={item.id} className={css.key} title={item.label}>
          <Swatch slot={item.slot} />
          <span>{item.label}</span>
        </li>
      ))}
    </ul>
  );
}
