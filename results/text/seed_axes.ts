/** Axes of seeds: points that differ only along them are repetitions of one variant. */

/** Whether an axis is that of a stage's seed: `seed`, or `tuned.seed` where several stages vary one. */
export function isSeedAxis(axis: string): boolean {
  return axis === "seed" || axis.endsWith(".seed");
}

/** The same of an axis in SQL. */
export function isSeedAxisSql(axis: string): string {
  return `(${axis} = 'seed' OR ${axis} LIKE '%.seed')`;
}

/** A point without its seeds. */
export function variantOf<Value>(point: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(point).filter(([axis]) => !isSeedAxis(axis)));
}
