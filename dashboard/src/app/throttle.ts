/** Runs at once, then at most once per `every` ms; a call in between runs at the end of the wait. */
export function throttle(run: () => void, every: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const wait = (): void => {
    timer = setTimeout(() => {
      timer = undefined;
      if (!again) return;
      again = false;
      run();
      wait();
    }, every);
  };
  return () => {
    if (timer !== undefined) {
      again = true;
      return;
    }
    run();
    wait();
  };
}
