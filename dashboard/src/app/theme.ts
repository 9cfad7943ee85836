/** The reader's theme: the system's unless chosen, remembered on this machine. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'lode.theme';

export function loadTheme(): Theme {
  const saved = read(KEY);
  return saved === 'light' || saved === 'dark' ? saved : 'system';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  write(KEY, theme === 'system' ? null : theme);
}

export function isDarkNow(): boolean {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

/** localStorage, which private windows and policies may refuse. */
export function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Comfort only: the page works without.
  }
}
