import { useSyncExternalStore } from 'react';

/**
 * Okabe & Ito's eight colours, safe for colour-blind readers, moved in lightness until each has 3:1 against the panel of
 * its theme (test: palette.test.ts). Slots beyond eight repeat the colours with dashes.
 */
export const LIGHT = ['#0072b2', '#d55e00', '#008a64', '#b5578f', '#a87000', '#2c8cc0', '#857900', '#4a4f57'] as const;
export const DARK = ['#4aa3df', '#f07d2e', '#1fbf92', '#dc8fbb', '#e8a91c', '#84cdf5', '#e6da4c', '#c9ced6'] as const;

const DASHES: readonly (number[] | undefined)[] = [undefined, [6, 3], [2, 2], [8, 3, 2, 3]];

export function colorOf(slot: number, dark: boolean): string {
  const palette = dark ? DARK : LIGHT;
  return palette[((slot % 8) + 8) % 8]!;
}

export function dashOf(slot: number): number[] | undefined {
  return DASHES[Math.floor(Math.max(0, slot) / 8) % DASHES.length];
}

/** Gives each id a slot: those already there keep theirs, newcomers take the lowest free ones in order. */
export function assignSlots(before: ReadonlyMap<string, number>, ids: readonly string[]): Map<string, number> {
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const id of ids) {
    const slot = before.get(id);
    if (slot !== undefined && slot < ids.length + 8 && !taken.has(slot)) {
      slots.set(id, slot);
      taken.add(slot);
    }
  }
  let free = 0;
  for (const id of ids) {
    if (slots.has(id)) continue;
    while (taken.has(free)) free++;
    slots.set(id, free);
    taken.add(free);
  }
  return slots;
}

const scheme = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : null;

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : (scheme?.matches ?? false);
}

function subscribe(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  scheme?.addEventListener('change', changed);
  return () => {
    observer.disconnect();
    scheme?.removeEventListener('change', changed);
  };
}

/** Whether the page is dark now; canvases redraw when it turns. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, isDark);
}

/** The colour a custom property stands for here, in a form canvases accept. */
export function resolveColor(element: HTMLElement, property: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${property})`;
  element.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
