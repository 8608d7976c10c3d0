/** Runs of a results folder by what is told about them in its files: keys, labels, preimages. */
import { type ArtifactStore } from "./artifact_store.ts";
import { readIfThere } from "../disk/read_if_there.ts";
import type { RequestRecord } from "./request_record.ts";
import { Complaint } from "../contract/complaint.ts";
import type { Preimage } from "../key/key.ts";
import type { Manifest } from "./manifest.ts";

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
  /** The complete run whose key begins so; Complaint when there is none, or more than one. */
  named(beginning: string): StoredRun;
  complete(key: string): StoredRun | undefined;
  /** What a key is the digest of, of complete runs and of all that was ever asked. */
  preimage(key: string): Preimage | undefined;
  /** The complete run of this label that was begun last; one of this experiment, if there is any. */
  last(label: string, experiment: string): StoredRun | undefined;
}

/** Reads every manifest and all that was asked; what is damaged is passed over. */
export function storedRuns(store: ArtifactStore): StoredRuns {
  const complete = new Map<string, StoredRun>();
  const called = new Map<string, { run: StoredRun; experiment: string }[]>();
  const call = (label: string, run: StoredRun, experiment: string) => {
    const known = called.get(label) ?? [];
    known.push({ run, experiment });
    called.set(label, known);
  };
  for (const { stage, key } of store.list()) {
    const manifest = readJson<Manifest>(`${store.completeFolder(stage, key)}/manifest.json`);
    if (manifest?.circumstances === undefined || manifest.key !== key) continue;
    const { preimage, inputDigests, digest, circumstances: { label, started } } = manifest;
    const run = { key, label, preimage, inputDigests, digest, started };
    complete.set(key, run);
    call(label, run, manifest.circumstances.experiment);
  }
  const requested = new Map<string, Preimage>();
  for (const { experiment, nodes } of allRequests(store)) {
    for (const { key, label, preimage } of nodes) {
      requested.set(key, preimage);
      const run = complete.get(key);
      if (run !== undefined) call(label, run, experiment);
    }
  }
  return {
    complete: (key) => complete.get(key),
    preimage: (key) => complete.get(key)?.preimage ?? requested.get(key),
    last(label, experiment) {
      const runs = called.get(label) ?? [];
      const own = runs.filter((one) => one.experiment === experiment);
      return (own.length > 0 ? own : runs).map(({ run }) => run)
        .reduce<StoredRun | undefined>(
          (last, run) => last === undefined || run.started > last.started ? run : last,
          undefined,
        );
    },
    named(beginning) {
      const place = { file: `--against ${beginning}` };
      const runs = /^[0-9a-f]{4,64}$/.test(beginning)
        ? [...complete.values()].filter(({ key }) => key.startsWith(beginning))
        : [];
      const [first, second] = runs;
      if (first === undefined) {
        throw new Complaint(
          `no complete run has a key that begins with \`${beginning}\``,
          "list the runs with: deno task runs; give at least four digits of the key",
          { place },
        );
      }
      if (second === undefined) return first;
      const lines = runs.slice(0, 10).map(({ key, label }) =>
        `  ${key.slice(0, Math.max(12, beginning.length + 4))}  ${label}`
      );
      throw new Complaint(
        [`${runs.length} runs have keys that begin with \`${beginning}\``, ...lines].join("\n"),
        "give more of the key",
        { place },
      );
    },
  };
}

function allRequests(store: ArtifactStore): RequestRecord[] {
  try {
    const names = Array.from(Deno.readDirSync(store.stateFile("asked")), ({ name }) => name).sort();
    return names.filter((name) => name.endsWith(".json"))
      .flatMap((name) => readJson<RequestRecord>(store.stateFile(`asked/${name}`)) ?? []);
  } catch {
    return [];
  }
}

function readJson<Content>(file: string): Content | undefined {
  try {
    return JSON.parse(readIfThere(file) ?? "");
  } catch {
    return undefined;
  }
}
