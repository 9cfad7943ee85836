import { Keyboard, Moon, Sun } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { useDark } from '../../plots/palette';
import { togglePause } from '../live';
import { applyTheme } from '../theme';
import { LiveDot } from './LiveDot';
import { ShortcutsDialog } from './ShortcutsDialog';
import { useShortcuts } from './shortcuts';
import css from './Shell.module.css';

export interface Crumb {
  label: string;
  href?: string;
}

interface Props {
  /** From the root down; the last is this page. */
  crumbs: readonly Crumb[];
  title: string;
  children: ReactNode;
}

/** Top bar and page. */
export function Shell({ crumbs, title, children }: Props) {
  const dark = useDark();
  const [help, setHelp] = useState(false);
  useShortcuts({ '.': togglePause, '?': () => setHelp(true) });
  useEffect(() => {
    document.title = title === 'Lode' ? title : `${title} – Lode`;
  }, [title]);

  return (
    <div className={css.shell}>
      <a className={css.skip} href="#main">Skip to content</a>
      <header className={css.bar}>
        <Link href="/" className={css.mark} aria-label="Lode, all projects">
          <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
            <path d="M8 1 15 8 8 15 1 8Z" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
            <path d="M8 5v6" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
          </svg>
          <span>Lode</span>
        </Link>
        <nav className={css.crumbs} aria-label="Breadcrumb">
          <ol>
            {crumbs.map((crumb, i) => (
              <li key={i} title={crumb.label}>
                {crumb.href && i < crumbs.length - 1 ? <Link href={crumb.href}>{crumb.label}</Link> : <span aria-current="page">{crumb.label}</span>}
              </li>
            ))}
          </ol>
        </nav>
        <div className={css.right}>
          <LiveDot />
          <button type="button" className="icon-button" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={() => setHelp(true)}>
            <Keyboard size={16} aria-hidden="true" />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={dark ? 'Use light theme' : 'Use dark theme'}
            title={dark ? 'Use light theme' : 'Use dark theme'}
            onClick={() => applyTheme(dark ? 'light' : 'dark')}
          >
            {dark ? <Sun size={16} aria-hidden="true" /> : <Moon size={16} aria-hidden="true" />}
          </button>
        </div>
      </header>
      <main id="main" className={css.main} tabIndex={-1}>{children}</main>
      {help && <ShortcutsDialog onClose={() => setHelp(false)} />}
    </div>
  );
}
