import { useEffect, useRef, useState, type RefObject } from 'react';

/** Whether the element is within a screen of the viewport. */
export function useNear<T extends HTMLElement>(): [RefObject<T | null>, boolean] {
  const ref = useRef<T>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new IntersectionObserver((entries) => setNear(entries[entries.length - 1]!.isIntersecting), { rootMargin: '500px 0px' });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, near];
}
