/** Editing the filter text without understanding it: the server owns the grammar, clauses are just parts between blanks. */

/** Parts between blanks; quotes keep blanks together. */
export function clausesOf(q: string): string[] {
  const clauses: string[] = [];
  let current = '';
  let quoted = false;
  for (let i = 0; i < q.length; i++) {
    const c = q[i]!;
    if (quoted && c === '\\' && i + 1 < q.length) {
      current += c + q[++i]!;
      continue;
    }
    if (c === '"') quoted = !quoted;
    if (!quoted && /\s/.test(c)) {
      if (current) clauses.push(current);
      current = '';
    } else current += c;
  }
  if (current) clauses.push(current);
  return clauses;
}

/** A value as the grammar wants it: bare if it is plain, else in quotes. */
export function quote(value: string): string {
  return /^[\p{L}\p{N}_.+/-]+$/u.test(value) ? value : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

export const hasClause = (q: string, clause: string): boolean => clausesOf(q).includes(clause);

/** Sets the one clause on this field (`status:…`), or removes it with null. */
export function setClause(q: string, field: string, clause: string | null): string {
  const others = clausesOf(q).filter((c) => !c.startsWith(`${field}:`));
  return (clause ? [...others, clause] : others).join(' ');
}
