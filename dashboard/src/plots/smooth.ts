/**
 * Exponential moving average of irregularly spaced points, freed of its start-up bias.
 * On a regular grid it is the usual `acc = w·acc + (1 − w)·y`, divided by `1 − wⁿ`; elsewhere a point's memory fades by
 * `w^(Δx / mean Δx)`. Points that are not finite stay as they are and leave the average untouched.
 * @param x ascending positions
 * @param y as long as x
 * @param weight in [0, 1); 0 returns the values
 */
export function smooth(x: readonly number[], y: readonly number[], weight: number): number[] {
  if (weight <= 0 || y.length < 2) return [...y];
  const span = (x[x.length - 1]! - x[0]!) / (x.length - 1);
  const out: number[] = [];
  let sum = 0;
  let mass = 0;
  let previous: number | null = null;
  for (let i = 0; i < y.length; i++) {
    const value = y[i]!;
    if (!Number.isFinite(value)) {
      out.push(value);
      continue;
    }
    const gap = previous === null || !(span > 0) ? 1 : Math.max(0, (x[i]! - previous) / span);
    // A point at the very place of the one before still has to count.
    const keep = weight ** Math.max(gap, 1e-3);
    sum = keep * sum + (1 - keep) * value;
    mass = keep * mass + (1 - keep);
    previous = x[i]!;
    out.push(sum / mass);
  }
  return out;
}
