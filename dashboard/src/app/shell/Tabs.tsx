import { useRef, type KeyboardEvent } from 'react';
import css from './Tabs.module.css';

interface Props<T extends string> {
  label: string;
  tabs: readonly { id: T; label: string; count?: number }[];
  chosen: T;
  onChoose: (id: T) => void;
}

/** Tab list by the ARIA pattern: one stop of the Tab key, arrows move. Its panel is `panel-ID`, labelled by `tab-ID`. */
export function Tabs<T extends string>({ label, tabs, chosen, onChoose }: Props<T>) {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = tabs.findIndex((tab) => tab.id === chosen);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length]!;
    onChoose(tab.id);
    list.current?.querySelector<HTMLElement>(`#tab-${tab.id}`)?.focus();
  };
  return (
    <div ref={list} role="tablist" aria-label={label} className={css.tabs} onKeyDown={onKeyDown}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          id={`tab-${tab.id}`}
          className={css.tab}
          aria-selected={tab.id === chosen}
          aria-controls={tab.id === chosen ? `panel-${tab.id}` : undefined}
          tabIndex={tab.id === chosen ? 0 : -1}
          onClick={() => onChoose(tab.id)}
        >
          {tab.label}
          {tab.count !== undefined && <span>{tab.count}</span>}
        </button>
      ))}
    </div>
  );
}
