/** `gc`: deletes stored results that no kept request needs. */
import { type ArtifactStore, openStore } from "../store/artifact_store.ts";
import { exists } from "../disk/read_if_there.ts";
import {
  readRequests,
  reportFile,
  requestFile,
  sharedNameWarning,
} from "../store/request_record.ts";
import { moveObstacles } from "../store/obstacles.ts";
import { runRecordFiles } from "../store/run_records.ts";
import { moveOldRequests } from "../store/old_requests.ts";
import { below } from "../disk/disk_use.ts";
import { Complaint } from "../contract/complaint.ts";
import { countOr, duration, flag, names } from "./options.ts";
import type { CommandWorld } from "./command_world.ts";
import { defineCommand } from "./define_command.ts";
import { experimentName, json } from "./shared_options.ts";
import { isFileLocked } from "../disk/file_lock.ts";
import { realPath } from "../disk/real_path.ts";
import { type GcPlan, type Leftover, planGc, type StoredRequest } from "../plan/gc_plan.ts";
import type { StoreContents, StoredArtifact } from "../plan/gc_plan.ts";
import { heldKeys, lockForGc, sweepLeftovers } from "../store/keys_in_use.ts";
import { bytesText } from "../terminal/terminal_text.ts";
import { textTable } from "../terminal/text_table.ts";

export const gcCommand = defineCommand({
  name: "gc",
  summary: "delete results that no experiment needs any more",
  details: "Each run of an experiment is recorded as a request, with its file and parameters. " +
    "Results that no kept request needs are listed, together with what killed runs and repairs " +
    "left behind; --yes deletes them. Results that a running process uses are never deleted. " +
    "The last N complete requests are kept, too, and requests with --set are counted apart.",
  arguments: {},
  options: {
    keepLast: countOr(1, "keep the last N requests per experiment"),
    keepExperiments: names("A,B", "keep only these experiments (default: all)"),
    olderThan: duration("AGE", "delete only what is older: 12h, 30d, 8w"),
    yes: flag("delete"),
    dryRun: flag("only list (default)"),
    json,
  },
  example: "--keep-last 2",
  async run({ results, keepLast, keepExperiments, olderThan = 0, yes, dryRun, json }, world) {
    if (yes && dryRun) {
      throw new Complaint("`--yes` and `--dry-run` are both given", "give one of the two");
    }
    const store = openStore(results);
    const policy = {
      keepLast,
      olderThan,
      now: Date.parse(world.clock.now()) / 1000,
      ...(keepExperiments && {
        keepExperiments: keepExperiments.map((given) => experimentName(given, world)),
      }),
    };
    if (!exists(store.stateFile("format.json"))) return world.print("there are no results\n");
    moveObstacles(store, world.warn);
    let plan: GcPlan;
    let shared: string[];
    {
      using _lock = await lockForGc(store);
      if (yes) {
        store.prepare();
        moveOldRequests(store);
      }
      const contents = contentsOf(store, world);
      shared = sharedNames(contents.requests);
      plan = planGc(contents, policy);
      if (yes) moveToTrash(store, plan);
    }
    for (const warning of shared) world.warn(warning);
    const freed = [...plan.artifacts, ...plan.pending, ...plan.setAside, ...plan.records];
    const bytes = freed.reduce((sum, each) => sum + each.bytes, 0);
    if (yes) {
      // Including what an earlier gc left in the trash when it was killed.
      if (exists(trashOf(store))) Deno.removeSync(trashOf(store), { recursive: true });
      if (freed.length > 0 || plan.requests.length > 0) {
        const { pruneDatabase } = await import("../../results/database/prune_database.ts");
        await pruneDatabase(store.root);
      }
    }
    world.print(
      json
        ? `${JSON.stringify({ ...plan, bytes, deleted: yes }, null, 1)}\n`
        : gcText(plan, { bytes, deleted: yes }),
    );
  },
});

/** Runs may end meanwhile: what is gone when it is looked at is left out. */
function contentsOf(store: ArtifactStore, { catalogue }: CommandWorld): StoreContents {
  const live = heldKeys(store);
  sweepLeftovers(store);
  const evaluations = new Set(
    catalogue.filter(({ output }) => ["recall", "relations"].includes(output))
      .map(({ name }) => name),
  );
  // Before the requests: what a run writes after its request is not among these.
  const records = runRecordFiles(store).flatMap(({ path, owners }) =>
    unlessGone(() => ({ ...leftover(store.root, path), owners }))
  );
  return {
    live,
    records,
    artifacts: store.list().flatMap(({ kind, key }) =>
      unlessGone(() => artifactOf(store, kind, key, evaluations.has(kind)))
    ),
    pending: namesIn(`${store.root}/pending`)
      .filter((name) => /^[0-9a-f]{64}$/.test(name) && !isFileLocked(store.lockFile(name)))
      .flatMap((name) => unlessGone(() => leftover(`${store.root}/pending`, name))),
    setAside: namesIn(store.stateFile("set_aside"))
      .flatMap((name) => unlessGone(() => leftover(store.stateFile("set_aside"), name))),
    requests: requestsOf(store),
  };
}

function unlessGone<Found>(look: () => Found): Found[] {
  try {
    return [look()];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function artifactOf(
  store: ArtifactStore,
  kind: string,
  key: string,
  evaluation: boolean,
): StoredArtifact {
  const folder = store.completeFolder(kind, key);
  const { bytes } = below(folder);
  const found = store.find(kind, key);
  const manifest = found.state === "complete" ? found.manifest : undefined;
  return {
    key,
    stage: kind,
    evaluation,
    label: manifest?.circumstances.label ?? "(damaged)",
    experiment: manifest?.circumstances.experiment ?? "",
    bytes,
    made: manifest === undefined
      ? changed(folder)
      : Date.parse(manifest.circumstances.started) / 1000,
    inputs: Object.values(manifest?.preimage.inputs ?? {}),
    ...(manifest !== undefined && { code: manifest.preimage.code }),
  };
}

function requestsOf(store: ArtifactStore): StoredRequest[] {
  return readRequests(store.stateFile("")).map((
    { id, experiment, file, source, requested, nodes },
  ) => ({
    id,
    experiment,
    ...(exists(file) && { file: realPath(file) }),
    changed: (source?.set ?? []).length > 0,
    requested: Date.parse(requested) / 1000,
    keys: nodes.map(({ key }) => key),
    code: nodes.map(({ preimage }) => preimage.code),
  }));
}

/** Warnings about experiments whose name is that of several files. */
function sharedNames(requests: readonly StoredRequest[]): string[] {
  return [...Map.groupBy(requests, ({ experiment }) => experiment)].flatMap(([name, own]) => {
    const files = new Set(own.flatMap(({ file }) => file ?? []));
    return files.size < 2 ? [] : [sharedNameWarning(name, [...files])];
  });
}

/** By renames, so that a kill leaves every file complete, in the one place or the other. */
function moveToTrash(store: ArtifactStore, plan: GcPlan): void {
  const trash = trashOf(store);
  Deno.mkdirSync(trash, { recursive: true });
  let number = namesIn(trash).length;
  const move = (path: string) => {
    while (exists(`${trash}/${number}`)) number++;
    unlessGone(() => Deno.renameSync(path, `${trash}/${number}`));
  };
  for (const { id } of plan.requests) {
    move(reportFile(store, id));
    move(requestFile(store, id));
  }
  for (const { key, stage } of plan.artifacts) {
    move(store.completeFolder(stage, key));
    move(store.stateFile(`failed/${key}.json`));
  }
  for (const { name } of plan.pending) move(store.pendingFolder(name));
  for (const { name } of plan.setAside) move(store.stateFile(`set_aside/${name}`));
  for (const { name } of plan.records) move(`${store.root}/${name}`);
}

function trashOf(store: ArtifactStore): string {
  return store.stateFile("trash");
}

function gcText(
  { artifacts, pending, setAside, requests, records, kept }: GcPlan,
  { bytes, deleted }: { bytes: number; deleted: boolean },
): string {
  const row = (what: string, list: readonly { readonly bytes: number }[], why: string) =>
    list.length === 0
      ? []
      : [[what, why, String(list.length), bytesText(list.reduce((s, { bytes }) => s + bytes, 0))]];
  const rows = [
    ...[...Map.groupBy(artifacts, ({ stage }) => stage)]
      .flatMap(([stage, list]) => row(stage, list, "no kept request needs it")),
    ...row("(unfinished)", pending, "no kept request needs it"),
    ...row("(set aside)", setAside, "damaged or replaced"),
    ...row("(records)", records, "their runs are gone"),
  ];
  const keptText = `kept: ${kept.artifacts} results, ${bytesText(kept.bytes)}`;
  const evaluations = artifacts.filter(({ evaluation }) => evaluation);
  if (rows.length === 0 && requests.length === 0) return `nothing to free; ${keptText}\n`;
  const table = textTable([["what", "why", "how many", "size"], ...rows], 2);
  const others = requests.length === 0 ? [] : [
    `requests deleted with them: ` +
    [...Map.groupBy(requests, ({ experiment }) => experiment)]
      .map(([experiment, list]) => `${experiment} (${list.length})`).join(", "),
  ];
  const end = deleted
    ? `freed ${bytesText(bytes)}; ${keptText}`
    : `${bytesText(bytes)} would be freed; ${keptText}\nnothing was deleted; delete with --yes`;
  return [...table, ...evaluationLines(evaluations, deleted), ...others, end, ""].join("\n");
}

/** Most finished evaluations that are listed; --json has all. */
const mostListed = 20;

function evaluationLines(evaluations: readonly StoredArtifact[], deleted: boolean): string[] {
  if (evaluations.length === 0) return [];
  const left = evaluations.length - mostListed;
  return [
    `finished evaluations that ${deleted ? "were" : "would be"} deleted:`,
    ...evaluations.slice(0, mostListed).map(({ label, experiment, key }) =>
      `  ${label} of ${experiment} (${key.slice(0, 10)})`
    ),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ];
}

function leftover(folder: string, name: string): Leftover {
  const path = `${folder}/${name}`;
  return { name, bytes: below(path).bytes, changed: changed(path) };
}

function changed(path: string): number {
  return (Deno.lstatSync(path).mtime?.getTime() ?? 0) / 1000;
}

function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
