import { useRef, useState, type ReactNode } from 'react';
import { read, write } from '../theme';
import css from './RunsPage.module.css';

const KEY = 'lode.split';
const LEAST = 25;
const MOST = 75;

const clamp = (percent: number): number => Math.min(MOST, Math.max(LEAST, percent));

/** Two panes with a splitter: drag, arrow keys, Home and End; remembered on this machine. */
export function Split({ left, right }: { left: ReactNode; right: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [percent, setPercent] = useState(() => clamp(Number(read(KEY) ?? '') || 54));
  const set = (next: number): void => {
    const rounded = Math.round(clamp(next) * 10) / 10;
    setPercent(rounded);
    write(KEY, String(rounded));
  };
  return (
    <div ref={box} className={css.split} style={{ gridTemplateColumns: `${percent}% 7px minmax(0, 1fr)` }}>
      <div className={css.left}>{left}</div>
      <div
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the table"
        aria-valuenow={Math.round(percent)}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        tabIndex={0}
        className={css.splitter}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={(event) => {
          if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
          const bounds = box.current!.getBoundingClientRect();
          set(((event.clientX - bounds.left) / bounds.width) * 100);
        }}
        onKeyDown={(event) => {
          const next = { ArrowLeft: percent - 2, ArrowRight: percent + 2, Home: LEAST, End: MOST }[event.key];
          if (next === undefined) return;
          event.preventDefault();
          set(next);
        }}
      />
      <div className={css.right}>{right}</div>
    </div>
  );
}
