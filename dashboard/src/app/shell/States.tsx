import { useEffect, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { ApiError } from '../../api/client';
import css from './States.module.css';

interface EmptyProps {
  title: string;
  text?: string;
  action?: { label: string; href?: string; onClick?: () => void };
  children?: ReactNode;
}

/** Nothing to show: why, and the one next step. */
export function Empty({ title, text, action, children }: EmptyProps) {
  return (
    <div className={css.empty}>
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {action?.href && <Link className="button" href={action.href}>{action.label}</Link>}
      {action?.onClick && <button type="button" className="button" onClick={action.onClick}>{action.label}</button>}
      {children}
    </div>
  );
}

/** What failed, how, and another try. */
export function Failure({ what, error, onRetry }: { what: string; error: unknown; onRetry?: () => void }) {
  const api = error instanceof ApiError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div className={css.empty} role="alert">
      <h2>{what}</h2>
      <p>{message}{api && api.status > 0 ? ` (HTTP ${api.status}, ${api.code})` : ''}</p>
      {api?.hint && <p>{api.hint}</p>}
      {onRetry && <button type="button" className="button" onClick={onRetry}>Try again</button>}
    </div>
  );
}

/** Grey bars in the place of what is to come, after 150 ms. */
export function Skeleton({ rows, height = 30 }: { rows: number; height?: number }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-label="Loading" className={css.skeleton} style={{ height: rows * height }}>
      {late && Array.from({ length: rows }, (_, i) => <div key={i} style={{ height: height - 12, marginBottom: 12 }} />)}
    </div>
  );
}

/** A thin line on top of old data while newer is on its way. */
export function Progress({ on }: { on: boolean }) {
  return <div className={css.progress} data-on={on} role="presentation" />;
}
