import { useEffect, useRef } from 'react';

/** Single-key shortcuts by `KeyboardEvent.key`; dead while typing, with a modifier down, or under a dialog. */
export function useShortcuts(actions: Readonly<Record<string, (event: KeyboardEvent) => void>>): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector('dialog[open]') || isTyping(event.target)) return;
      const action = latest.current[event.key];
      if (!action) return;
      event.preventDefault();
      action(event);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'range', 'radio'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

/** What `?` shows. */
export const SHORTCUTS: readonly { keys: string; does: string; where: string }[] = [
  { keys: '?', does: 'these shortcuts', where: 'Everywhere' },
  { keys: '.', does: 'pause or resume live updates', where: 'Everywhere' },
  { keys: '/', does: 'go to the filter', where: 'Runs' },
  { keys: 'j  k  ↓  ↑', does: 'next, previous row', where: 'Runs' },
  { keys: 'Enter', does: 'open the run', where: 'Runs' },
  { keys: 'x', does: 'choose the run for the charts', where: 'Runs' },
  { keys: 'v', does: 'hide or show the run in the charts', where: 'Runs' },
  { keys: 'Esc', does: 'clear the choice', where: 'Runs' },
  { keys: 'l', does: 'log y axis', where: 'Charts' },
  { keys: 's', does: 'smoothing, then ← →', where: 'Charts' },
  { keys: '←  →', does: 'read values, with a chart in focus (Shift: by ten)', where: 'Charts' },
  { keys: 'Enter', does: 'show a chart as a table', where: 'Charts' },
  { keys: 'drag', does: 'zoom; double-click or Esc resets', where: 'Charts' },
  { keys: '1  2  3', does: 'tabs', where: 'Run' },
  { keys: '[  ]', does: 'newer, older run', where: 'Run' },
];
