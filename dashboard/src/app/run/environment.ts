/** Tags that say where a run ran, rather than what it is. */
export function isEnvironment(key: string): boolean {
  return key.startsWith('lode.env.') || key.startsWith('mlflow.');
}

/** Their groups by origin, without the prefix, each by name. */
export function environmentOf(tags: Readonly<Record<string, string>>): { title: string; entries: [string, string][] }[] {
  const groups = [
    { title: 'Machine and runtime', prefix: 'lode.env.' },
    { title: 'Source', prefix: 'mlflow.source.' },
    { title: 'MLflow', prefix: 'mlflow.' },
  ];
  const taken = new Set<string>();
  return groups
    .map(({ title, prefix }) => ({
      title,
      entries: Object.entries(tags)
        .filter(([key]) => {
          if (!key.startsWith(prefix) || taken.has(key)) return false;
          taken.add(key);
          return key !== 'mlflow.note.content';
        })
        .map(([key, value]): [string, string] => [key.slice(prefix.length), value])
        .sort(([a], [b]) => a.localeCompare(b)),
    }))
    .filter((group) => group.entries.length > 0);
}
