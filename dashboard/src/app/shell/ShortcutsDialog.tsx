import { Dialog } from './Dialog';
import { SHORTCUTS } from './shortcuts';
import css from './Dialog.module.css';

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
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
    </Dialog>
  );
}
