/** Decides what can be deleted from a results folder. Pure: it works on a listing and touches nothing. */

/** The contents of a results folder. Times are seconds since 1970. */
export interface StoreContents {
  readonly artifacts: readonly StoredArtifact[];
  /** Folders of incomplete runs. */
  readonly pending: readonly Leftover[];
  readonly setAside: readonly Leftover[];
  readonly requests: readonly StoredRequest[];
  /** Keys that live runs read or compute. */
  readonly live: ReadonlySet<string>;
  /** What is kept about runs beside their results. */
  readonly records?: readonly RunRecord[];
}

export interface StoredArtifact {
  readonly key: string;
  /** The kind of stage. */
  readonly stage: string;
  /** It measured a model: what people would miss. */
  readonly evaluation: boolean;
  readonly label: string;
  readonly experiment: string;
  readonly bytes: number;
  readonly made: number;
  /** Keys of its inputs. */
  readonly inputs: readonly string[];
  /** Digest of the code that made it. */
  readonly code?: string;
}

export interface Leftover {
  /** The key of a pending run, or the name of a folder that was set aside. */
  readonly name: string;
  readonly bytes: number;
  readonly changed: number;
}

/** A failure, a certificate or code; its name is its path. */
export interface RunRecord extends Leftover {
  /** Keys of runs, or digests of code: it is deleted when none of them is left. */
  readonly owners: readonly string[];
}

/** A request: the keys that an experiment needed at some time. */
export interface StoredRequest {
  readonly id: string;
  readonly experiment: string;
  /** The file it was made with; absent if that is no longer there. */
  readonly file?: string;
  /** It was made with `--set`. */
  readonly changed: boolean;
  readonly requested: number;
  readonly keys: readonly string[];
  /** Digests of the code that it needed. */
  readonly code?: readonly string[];
}

export interface GcPolicy {
  /** Number of latest requests, and of latest complete ones, to keep for each experiment. */
  readonly keepLast: number;
  /** Names of experiments to keep; absent: all. */
  readonly keepExperiments?: readonly string[];
  /** Delete only what is older than this many seconds. */
  readonly olderThan: number;
  readonly now: number;
}

export interface GcPlan {
  readonly artifacts: readonly StoredArtifact[];
  readonly pending: readonly Leftover[];
  readonly setAside: readonly Leftover[];
  /** Requests that are not kept and need something that is deleted. */
  readonly requests: readonly StoredRequest[];
  /** Records of runs and code that are gone. */
  readonly records: readonly Leftover[];
  readonly kept: { readonly artifacts: number; readonly bytes: number };
}

/** A run that has just started may not have written yet what its records belong to. */
const settled = 3600; // s

/**
 * Keeps what the kept requests need directly and indirectly, what live runs use, and what is too
 * young. Everything else is deleted: other results, abandoned pending folders, folders set aside, and records of runs that are gone.
 */
export function planGc(contents: StoreContents, policy: GcPolicy): GcPlan {
  const { artifacts, pending, setAside, requests, live, records = [] } = contents;
  const keptRequests = lastOf(requests, new Set(artifacts.map(({ key }) => key)), policy);
  const young = (time: number) => policy.now - time < policy.olderThan;
  const needed = withInputs(
    [
      ...live,
      ...keptRequests.flatMap(({ keys }) => keys),
      ...artifacts.filter(({ made }) => young(made)).map(({ key }) => key),
    ],
    artifacts,
  );
  const deleted = artifacts.filter(({ key }) => !needed.has(key));
  const deletedKeys = new Set(deleted.map(({ key }) => key));
  const kept = artifacts.filter(({ key }) => needed.has(key));
  const ids = new Set(keptRequests.map(({ id }) => id));
  const deletedRequests = requests.filter(({ id, keys }) =>
    !ids.has(id) && keys.some((key) => deletedKeys.has(key))
  );
  const left = new Set([
    ...needed,
    ...kept.flatMap(({ code }) => code ?? []),
    ...requests.filter((one) => !deletedRequests.includes(one))
      .flatMap(({ keys, code = [] }) => [...keys, ...code]),
  ]);
  return {
    artifacts: deleted,
    pending: pending.filter(({ name, changed }) => !needed.has(name) && !young(changed)),
    setAside: setAside.filter(({ changed }) => !young(changed)),
    requests: deletedRequests,
    records: records.filter(({ owners, changed }) =>
      !owners.some((owner) => left.has(owner)) && !young(changed) && policy.now - changed > settled
    ).map(({ name, bytes, changed }) => ({ name, bytes, changed })),
    kept: { artifacts: kept.length, bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0) },
  };
}

/**
 * The last requests of each experiment, which may go on, and its last complete ones. Requests with `--set`,
 * and those of another file with the same name, are counted apart: a quick try takes no place from the
 * results of the file.
 */
function lastOf(
  requests: readonly StoredRequest[],
  stored: ReadonlySet<string>,
  { keepLast, keepExperiments }: GcPolicy,
): StoredRequest[] {
  const counted = Map.groupBy(
    requests.filter(({ experiment }) => keepExperiments?.includes(experiment) ?? true),
    ({ experiment, file, changed }) => JSON.stringify([experiment, file, changed]),
  );
  return [...counted.values()].flatMap((own) => {
    const sorted = own.toSorted((a, b) => b.requested - a.requested || (a.id < b.id ? -1 : 1));
    const isComplete = ({ keys }: StoredRequest) => keys.every((key) => stored.has(key));
    return [...sorted.slice(0, keepLast), ...sorted.filter(isComplete).slice(0, keepLast)];
  });
}

/** The keys together with those of all their direct and indirect inputs. */
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
