import { useQuery } from '@tanstack/react-query';
import { getServer } from '../../api/client';
import { keys } from '../queries';
import { Dialog } from './Dialog';
import { SHORTCUTS } from './shortcuts';
import css from './Dialog.module.css';

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const server = useQuery({ queryKey: keys.server, queryFn: ({ signal }) => getServer(signal), staleTime: Infinity });
  const places = [...new Set(SHORTCUTS.map((s) => s.where))];
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <div className={css.keys} tabIndex={0} role="region" aria-label="Shortcuts">
        {places.map((place) => (
          <section key={place}>
            <h3>{place}</h3>
            <dl>
              {SHORTCUTS.filter((s) => s.where === place).map((s) => [<dt key={`${s.keys} key`}>{s.keys}</dt>, <dd key={s.keys}>{s.does}</dd>])}
            </dl>
          </section>
        ))}
      </div>
      {server.data && <p className={css.server}>Lode {server.data.version}, data in <code>{server.data.dataFolder}</code></p>}
    </Dialog>
  );
}
