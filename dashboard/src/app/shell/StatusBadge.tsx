import { Ban, CircleAlert, CircleCheck, CircleDot, CircleX, Clock } from 'lucide-react';
import type { Status } from '../../api/types';
import css from './StatusBadge.module.css';

const ICONS = { running: CircleDot, scheduled: Clock, finished: CircleCheck, failed: CircleX, killed: Ban, stale: CircleAlert };

/** Icon, word and colour; never colour alone. */
export function StatusBadge({ status, count }: { status: Status; count?: number }) {
  const Icon = ICONS[status] ?? CircleAlert;
  return (
    <span className={css.badge} data-status={status} title={status === 'stale' ? 'Said to be running, but no heartbeat' : undefined}>
      <Icon size={14} aria-hidden="true" />
      {count !== undefined && <b>{count.toLocaleString('en')}</b>}
      {status}
    </span>
  );
}
