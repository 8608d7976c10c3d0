/** Decides what of a results folder can go. Pure: it is told what is there, and touches nothing. */

/** What is there. Times are seconds since 1970. */
export interface StoreContents {
  readonly artifacts: readonly StoredArtifact[];
  /** Folders of runs that are not complete. */
  readonly pending: readonly Leftover[];
  readonly setAside: readonly Leftover[];
  readonly askings: readonly Asking[];
  /** What a run that goes on now reads or makes. */
  readonly live: ReadonlySet<string>;
}

export interface StoredArtifact {
  readonly key: string;
  /** Name of the stage's definition. */
  readonly stage: string;
  readonly label: string;
  readonly experiment: string;
  readonly bytes: number;
  readonly made: number;
  /** Keys of what it was made from. */
  readonly inputs: readonly string[];
}

export interface Leftover {
  /** The key, of a pending run; a name otherwise. */
  readonly name: string;
  readonly bytes: number;
  readonly changed: number;
}

export interface Asking {
  readonly id: string;
  readonly experiment: string;
  readonly asked: number;
  readonly keys: readonly string[];
}

export interface GcPolicy {
  /** So many of the last askings of each experiment are kept. */
  readonly keepLast: number;
  /** Only these experiments are kept; all without it. */
  readonly keepExperiments?: readonly string[];
  /** Only what is older goes: seconds. */
  readonly olderThan: number;
  readonly now: number;
}

export interface GcPlan {
  readonly artifacts: readonly StoredArtifact[];
  readonly pending: readonly Leftover[];
  readonly setAside: readonly Leftover[];
  /** Askings that are not kept and need something that goes. */
  readonly askings: readonly Asking[];
  readonly kept: { readonly artifacts: number; readonly bytes: number };
}

/**
 * Kept is what the kept askings need, near and far, what goes on now, and what is too young. The rest
 * goes: results that only other askings need or none, what was begun and given up, what was set aside.
 */
export function planGc(contents: StoreContents, policy: GcPolicy): GcPlan {
  const { artifacts, pending, setAside, askings, live } = contents;
  const keptAskings = lastOf(askings, policy);
  const young = (time: number) => policy.now - time < policy.olderThan;
  const needed = withInputs(
    [
      ...live,
      ...keptAskings.flatMap(({ keys }) => keys),
      ...artifacts.filter(({ made }) => young(made)).map(({ key }) => key),
    ],
    artifacts,
  );
  const freed = artifacts.filter(({ key }) => !needed.has(key));
  const gone = new Set(freed.map(({ key }) => key));
  const kept = artifacts.filter(({ key }) => needed.has(key));
  const ids = new Set(keptAskings.map(({ id }) => id));
  return {
    artifacts: freed,
    pending: pending.filter(({ name, changed }) => !needed.has(name) && !young(changed)),
    setAside: setAside.filter(({ changed }) => !young(changed)),
    askings: askings.filter(({ id, keys }) => !ids.has(id) && keys.some((key) => gone.has(key))),
    kept: { artifacts: kept.length, bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0) },
  };
}

function lastOf(askings: readonly Asking[], { keepLast, keepExperiments }: GcPolicy): Asking[] {
  const byExperiment = Map.groupBy(askings, ({ experiment }) => experiment);
  return [...byExperiment].flatMap(([experiment, own]) =>
    keepExperiments !== undefined && !keepExperiments.includes(experiment)
      ? []
      : own.toSorted((a, b) => b.asked - a.asked || (a.id < b.id ? -1 : 1)).slice(0, keepLast)
  );
}

/** Keys, and those of everything they were made from. */
function withInputs(keys: readonly string[], artifacts: readonly StoredArtifact[]): Set<string> {
  const inputs = new Map(artifacts.map((artifact) => [artifact.key, artifact.inputs]));
  const all = new Set<string>();
  const open = [...keys];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (all.has(key)) continue;
    all.add(key);
    open.push(...inputs.get(key) ?? []);
  }
  return all;
}
