import { Search, X } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { ApiError } from '../../api/client';
import { useShortcuts } from '../shell/shortcuts';
import css from './RunsPage.module.css';

interface Props {
  value: string;
  onChange: (q: string, how: 'push' | 'replace') => void;
  /** What the server said of this filter. */
  error: unknown;
}

const WAIT = 250;

/** The filter text: sent when typing rests, at once by Enter. */
export function FilterBox({ value, onChange, error }: Props) {
  const [draft, setDraft] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const sent = useRef(value);
  const typing = useRef(false);
  const id = useId();
  useShortcuts({ '/': () => { input.current?.focus(); input.current?.select(); } });

  // Back, forward, and chips change the value from outside.
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    clearTimeout(timer.current);
    setDraft(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const send = (text: string): void => {
    clearTimeout(timer.current);
    const q = text.trim();
    if (q === sent.current) return;
    sent.current = q;
    // One bout of typing is one step of the history.
    onChange(q, typing.current ? 'replace' : 'push');
    typing.current = true;
  };
  const bad = error instanceof ApiError && error.status === 400;
  return (
    <div className={css.filter}>
      <Search size={14} aria-hidden="true" />
      <input
        ref={input}
        className="input"
        type="text"
        role="searchbox"
        aria-label="Filter runs"
        aria-invalid={bad}
        aria-describedby={bad ? id : undefined}
        placeholder="Filter: status:running  params.lr>0.01"
        title={'status:running  name~forest  params.max_depth>=4  metrics.loss.min<0.2  tags.lode.study:demo  -status:failed'}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        value={draft}
        onBlur={() => { typing.current = false; }}
        onChange={(event) => {
          const text = event.target.value;
          setDraft(text);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => send(text), WAIT);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') send(draft);
          else if (event.key === 'Escape') {
            if (draft) { setDraft(''); send(''); }
            else event.currentTarget.blur();
          }
        }}
      />
      {draft && (
        <button type="button" className="icon-button" aria-label="Clear the filter" onClick={() => { setDraft(''); send(''); input.current?.focus(); }}>
          <X size={14} aria-hidden="true" />
        </button>
      )}
      {bad && <p id={id} role="alert" className={css.filterError}>{error.message}{error.hint ? ` ${error.hint}` : ''}</p>}
    </div>
  );
}
