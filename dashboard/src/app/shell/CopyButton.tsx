import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [done, setDone] = useState<'no' | 'copied' | 'failed'>('no');
  useEffect(() => {
    if (done === 'no') return;
    const timer = setTimeout(() => setDone('no'), 1600);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setDone('copied');
    } catch {
      setDone('failed');
    }
  };
  return (
    <button type="button" className="button" onClick={() => void copy()} aria-live="polite">
      {done === 'copied' ? <Check size={14} aria-hidden="true" /> : <Copy size={14} aria-hidden="true" />}
      {done === 'copied' ? 'Copied' : done === 'failed' ? 'Not allowed here' : label}
    </button>
  );
}
