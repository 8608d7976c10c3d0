/** Looks up the runs of a results folder by key and label, from its manifests and request records. */
import { type ArtifactStore } from "./artifact_store.ts";
import { readRequests } from "./request_record.ts";
import { Complaint } from "../contract/complaint.ts";
import type { Preimage } from "../key/key.ts";
import { readManifest } from "./manifest.ts";

/** A complete run. */
export interface StoredRun {
  readonly key: string;
  readonly label: string;
  readonly preimage: Preimage;
  /** Port -> digest of the artifact that was read. */
  readonly inputDigests: Readonly<Record<string, string>>;
  /** Digest of its artifact. */
  readonly digest: string;
  /** ISO 8601, UTC. */
  readonly started: string;
}

export interface StoredRuns {
  /** The complete run whose key starts with `prefix`; a Complaint unless there is exactly one. */
  named(prefix: string): StoredRun;
  complete(key: string): StoredRun | undefined;
  /** The preimage of a key, from complete runs and all requests. */
  preimage(key: string): Preimage | undefined;
  /** The latest complete run with this label, preferably one of this experiment. */
  last(label: string, experiment: string): StoredRun | undefined;
}

/** Reads all manifests and request records; skips damaged ones. */
export function storedRuns(store: ArtifactStore): StoredRuns {
  const complete = new Map<string, StoredRun>();
  const byLabel = new Map<string, { run: StoredRun; experiment: string }[]>();
  const add = (label: string, run: StoredRun, experiment: string) => {
    const known = byLabel.get(label) ?? [];
    known.push({ run, experiment });
    byLabel.set(label, known);
  };
  for (const { kind, key } of store.list()) {
    const manifest = readManifest(store.completeFolder(kind, key), key);
    if (manifest === undefined || typeof manifest === "string") continue;
    const { preimage, inputDigests, digest, circumstances: { label, started } } = manifest;
    const run = { key, label, preimage, inputDigests, digest, started };
    complete.set(key, run);
    add(label, run, manifest.circumstances.experiment);
  }
  const requested = new Map<string, Preimage>();
  for (const { experiment, nodes } of readRequests(store.stateFile(""))) {
    for (const { key, label, preimage } of nodes) {
      requested.set(key, preimage);
      const run = complete.get(key);
      if (run !== undefined) add(label, run, experiment);
    }
  }
  return {
    complete: (key) => complete.get(key),
    preimage: (key) => complete.get(key)?.preimage ?? requested.get(key),
    last(label, experiment) {
      const runs = byLabel.get(label) ?? [];
      const own = runs.filter((one) => one.experiment === experiment);
      return (own.length > 0 ? own : runs).map(({ run }) => run)
        .reduce<StoredRun | undefined>(
          (last, run) => last === undefined || run.started > last.started ? run : last,
          undefined,
        );
    },
    named(prefix) {
      const place = { file: `--against ${prefix}` };
      const runs = /^[0-9a-f]{4,64}$/.test(prefix)
        ? [...complete.values()].filter(({ key }) => key.startsWith(prefix))
        : [];
      const [first, second] = runs;
      if (first === undefined) {
        throw new Complaint(
          `no complete run has a key that starts with \`${prefix}\``,
          "list the runs with `deno task runs`; use at least four digits of the key",
          { place },
        );
      }
      if (second === undefined) return first;
      const lines = runs.slice(0, 10).map(({ key, label }) =>
        `  ${key.slice(0, Math.max(12, prefix.length + 4))}  ${label}`
      );
      throw new Complaint(
        [`${runs.length} runs have keys that start with \`${prefix}\``, ...lines].join("\n"),
        "use more digits of the key",
        { place },
      );
    },
  };
}
