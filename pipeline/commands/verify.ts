/** `verify`: recomputes stored results in a scratch folder and compares them file by file. */
import { type ArtifactStore, openStore } from "../store/artifact_store.ts";
import { type Certificate, certificateOf, keepCertificate } from "../store/verification.ts";
import { any } from "./options.ts";
import { codeGuard } from "../run/code_guard.ts";
import { Complaint } from "../contract/complaint.ts";
import { concurrencyOf } from "../run/concurrency.ts";
import { defineCommand } from "./define_command.ts";
import { experimentFile, jobs, json, set, threads } from "./shared_options.ts";
import { makeRunWorld } from "./make_run_world.ts";
import { executePlan } from "../run/schedule.ts";
import { type Outcome, workerPool } from "../workers/worker_pool.ts";
import type { KeyedNode } from "../key/key.ts";
import { workerJob } from "../run/worker_job.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { holdKeys, lockForRun, scratchFolder } from "../store/keys_in_use.ts";
import { isMachineFact } from "../run/machine.ts";
import type { Manifest } from "../store/manifest.ts";
import { fetchPackages } from "../run/packages.ts";
import { moveObstacles } from "../store/obstacles.ts";
import { distinctRuns, type Planned } from "../plan/plan.ts";
import { requireReadable, requireUsable } from "../run/places.ts";
import { readRequest } from "../experiment/read_request.ts";
import { budgetOf, resourcesOf } from "../run/resources.ts";
import type { RunWorld } from "../run/run_world.ts";
import { failureText } from "../run/run_text.ts";
import { selectNodes } from "../experiment/selection.ts";
import { commandText, formatSeconds } from "../terminal/terminal_text.ts";
import { cacheFolder } from "../contract/pinned_package.ts";

export const verifyCommand = defineCommand({
  name: "verify",
  summary: "recompute stored results and compare them bit by bit",
  details: "Recomputes in a scratch folder, from the stored inputs; stored results stay as they " +
    "are. A stage is named as in the experiment, a run by the beginning of its key; without " +
    "names, everything that is stored is verified. Prints a certificate for each run and keeps " +
    "it in the database. Exit code 1: something differs.",
  arguments: { file: experimentFile, names: any("STAGE|RUN", "stages or runs") },
  options: { set, jobs, threads, json },
  example: "experiments/smoke.yaml recall",
  async run(request, world) {
    using display = world.openDisplay(request.json ? "events" : "progress");
    return await verify(request, makeRunWorld(request, { world, display }));
  },
});

interface VerifyRequest {
  /** Absolute path of the results folder. */
  readonly results: string;
  readonly file: string;
  /** Stages, points of them, or beginnings of keys; everything that is stored if there are none. */
  readonly names: readonly string[];
  readonly set: readonly string[];
  readonly jobs: number | undefined;
  readonly threads: number | undefined;
}

/** @returns the exit code: 0 all equal, 1 one differs or failed, 130 stopped */
async function verify(request: VerifyRequest, world: RunWorld): Promise<number> {
  const { display, clock } = world;
  const begun = clock.seconds();
  const store = openStore(request.results);
  moveObstacles(store, display.line);
  const { experiment, graph } = readRequest(request, {
    ...world,
    catalogue: world.stages.catalogue,
  });
  const concurrency = concurrencyOf(request, experiment, world.machine);
  const { threads } = concurrency;
  const { nodes, code } = await keyRequest(graph, { experiment: request.file, threads, only: [] }, {
    ...world,
    store,
    progress: display.task("digests"),
  });
  requireReadable(
    storedNodes(nodes, store, request).map(({ node }) => node),
    cacheFolder(world.environment),
  );
  requireUsable(store, []); // results go to the scratch folder
  const lock = await lockForRun(store); // so that `gc` deletes nothing between the look and the hold
  const stored = storedNodes(nodes, store, request);
  using _held = holdKeys(store, nodes.map(({ key }) => key));
  lock[Symbol.dispose]();
  using folder = scratchFolder(store);
  const scratch = scratchStore(store, folder.path);
  const plan: Planned[] = stored.map(({ node }) => ({
    node: { ...node, inputs: {} }, // no order among them: they read the stored inputs
    action: "run",
    why: { kind: "forced" },
  }));
  if (stored.some(({ node }) => node.definition.compute)) {
    await world.stages.prepareCompute(display.task("TensorFlow"));
  }
  await fetchPackages(stored.map(({ node }) => node), world);
  const certificates = new Map<string, Certificate>();
  const setting = {
    store: scratch,
    cache: cacheFolder(world.environment),
    experiment: "verify",
    byLabel: new Map(nodes.map((node) => [node.label, node])),
    code,
    project: world.project,
    threads,
    machine: world.machine,
    tables: world.resultTables(),
  };
  const guard = codeGuard(code);
  const byLabel = new Map(stored.map((one) => [one.node.label, one]));
  await using pool = workerPool(world.worker);
  let interrupted = false;
  const forget = world.onInterrupt((count) => {
    interrupted = true;
    if (count === 1) pool.stop();
    else pool.kill();
  });
  Deno.mkdirSync(`${scratch.root}/pending`, { recursive: true });
  try {
    const execution = await executePlan(plan, {
      budget: budgetOf(concurrency, world.machine),
      resources: (node) => resourcesOf(node, concurrency),
      async run({ label }, why, share): Promise<Outcome> {
        const { node, manifest } = byLabel.get(label)!;
        const job = workerJob(node, why, { ...setting, share });
        display.begin(label, "recomputed, to compare");
        const outcome = await pool.run(job, {
          starting: () => guard(node.definition.name),
          locked: () => manifest.inputDigests,
          filled: (remade) => {
            const facts = certificateOf(manifest, remade, { label, time: clock.now() });
            certificates.set(label, keepCertificate(store, facts));
          },
          event: (event) => display.update(label, event),
          log: () => {},
        });
        display.end(label, outcome.type);
        Deno.removeSync(scratch.pendingFolder(node.key), { recursive: true });
        return outcome;
      },
    });
    const found = stored.flatMap(({ node }) => certificates.get(node.label) ?? []);
    for (const certificate of found) {
      display.announce("report", certificateText(certificate), certificate);
    }
    const different = found.filter(({ verdict }) => verdict === "different").length;
    const took = formatSeconds(clock.seconds() - begun);
    const text = different === 0
      ? `${found.length} of ${stored.length} recomputed in ${took}: all bits equal`
      : `${found.length} of ${stored.length} recomputed in ${took}: ${different} with a different result`;
    display.announce("summary", text, { verified: found.length, of: stored.length, different });
    if (execution.failed.length > 0) {
      display.announce("failure", failureText(execution, world.commandAgain), {});
    }
    if (found.length > 0) await (await world.openResultIndex(store.root)).reconcile(display.line);
    if (interrupted) return 130;
    return different > 0 || execution.failed.length > 0 ? 1 : 0;
  } finally {
    forget();
  }
}

/** The requested nodes that are stored, with their manifests. */
function storedNodes(
  nodes: readonly KeyedNode[],
  store: ArtifactStore,
  { names, file }: VerifyRequest,
): { node: KeyedNode; manifest: Manifest }[] {
  const keys = names.filter((name) => /^[0-9a-f]{6,64}$/.test(name));
  const others = names.filter((name) => !keys.includes(name));
  const requested = selectNodes(nodes, "verify", others);
  for (const start of keys) {
    const found = nodes.filter(({ key }) => key.startsWith(start));
    if (found.length === 0) {
      throw new Complaint(
        `no key of the experiment begins with ${start}`,
        `list its keys with: deno task ${commandText(["run", file, "--plan"])}`,
        { place: { file: `verify ${start}` } },
      );
    }
    for (const { label } of found) requested.add(label);
  }
  const wanted = nodes.filter(({ label }) => names.length === 0 || requested.has(label));
  const stored = distinctRuns(wanted).runs
    .flatMap((node) => {
      const found = store.find(node.definition.name, node.key);
      return found.state === "complete" ? [{ node, manifest: found.manifest }] : [];
    });
  if (stored.length > 0) return stored;
  throw new Complaint(
    "none of the requested results is stored, so there is nothing to compare with",
    `run the experiment first: deno task ${commandText(["run", file])}`,
    { place: { file }, exitCode: 1 },
  );
}

/** A store that reads from `store` and writes below `root`. */
function scratchStore(store: ArtifactStore, root: string): ArtifactStore {
  return {
    ...store,
    root,
    pendingFolder: (key) => `${root}/pending/${key}`,
    lockFile: (key) => `${root}/pending/${key}.lock`,
  };
}

function certificateText(certificate: Certificate): string {
  const {
    label,
    key,
    verdict,
    digest,
    remade,
    differing,
    versions,
    time,
    madeOn,
    host,
    otherwise,
  } = certificate;
  const where = Object.entries(versions).filter(([name]) => !isMachineFact(name))
    .map(([name, version]) => `${name} ${version}`).join(", ");
  const lines = verdict === "equal" ? [`  digest   ${digest}`] : [
    `  stored   ${digest}`,
    `  computed ${remade}`,
    ...differing.slice(0, 5).map((path) => `  differs  ${path}`),
    ...(differing.length > 5 ? [`  and ${differing.length - 5} more files`] : []),
  ];
  return [
    `${verdict}  ${label}`,
    `  key      ${key}`,
    ...lines,
    `  with     ${where}`,
    ...(versions["processor"] === undefined ? [] : [`  on       ${versions["processor"]}`]),
    `  made     on ${madeOn}; verified on ${host} at ${time}`,
    ...otherwise.map(({ name, made }) => `  made     with another ${name}: ${made}`),
  ].join("\n");
}
