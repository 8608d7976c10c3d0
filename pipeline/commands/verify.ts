/**
 * `verify`: makes stored results again in a scratch folder, from the stored inputs, and compares them
 * file by file. What is stored is not touched.
 */
import { type ArtifactStore, openStore } from "../store/artifact_store.ts";
import { type Certificate, certificateOf, keepCertificate } from "../store/verification.ts";
import { Complaint } from "../contract/complaint.ts";
import { executePlan } from "../run/schedule.ts";
import { type Outcome, workerPool } from "../workers/worker_pool.ts";
import type { KeyedNode } from "../key/key.ts";
import { workerJob } from "../run/worker_job.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { holdKeys, scratchFolder } from "../store/keys_in_use.ts";
import { isMachineFact } from "../run/machine.ts";
import type { Manifest } from "../store/manifest.ts";
import { fetchPackages } from "../run/packages.ts";
import type { Planned } from "../plan/plan.ts";
import { readRequest } from "../experiment/read_request.ts";
import { budgetOf, resourcesOf } from "../run/resources.ts";
import type { RunWorld } from "../run/run_world.ts";
import { failureText } from "../run/run_text.ts";
import { selectNodes } from "../experiment/selection.ts";
import { formatSeconds } from "../terminal/terminal_text.ts";
import { cacheFolder } from "../contract/pinned_package.ts";

export interface VerifyRequest {
  /** Absolute path of the results folder. */
  readonly results: string;
  readonly file: string;
  /** Stages, points of them, or beginnings of keys; all that is stored when there are none. */
  readonly names: readonly string[];
  readonly set: readonly string[];
  readonly jobs: number;
  readonly threads: number;
  readonly json: boolean;
}

/** @returns the exit code: 0 when all are equal, 1 when one differs or could not be made, 130 when stopped */
export async function verify(request: VerifyRequest, world: RunWorld): Promise<number> {
  const { display, clock } = world;
  const begun = clock.seconds();
  const store = openStore(request.results);
  const { graph } = readRequest(request, { ...world, catalogue: world.stages.catalogue });
  const { nodes } = await keyRequest(graph, { ...request, experiment: request.file, only: [] }, {
    ...world,
    store,
    progress: display.task("digests"),
  });
  const stored = storedNodes(nodes, store, request);
  using _held = holdKeys(store, nodes.map(({ key }) => key));
  using folder = scratchFolder(store);
  const scratch = scratchStore(store, folder.path);
  const plan: Planned[] = stored.map(({ node }) => ({
    node: { ...node, inputs: {} }, // each by itself: inputs are those that are stored
    action: "run",
    why: { kind: "forced" },
  }));
  if (stored.some(({ node }) => node.definition.compute)) {
    await world.stages.prepareCompute(display.task("TensorFlow"));
  }
  await fetchPackages(plan, world);
  const certificates = new Map<string, Certificate>();
  const setting = {
    store: scratch,
    cache: cacheFolder(world.environment),
    experiment: "verify",
    byLabel: new Map(nodes.map((node) => [node.label, node])),
    threads: request.threads,
    machine: world.machine,
  };
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
      budget: budgetOf(request, world.machine),
      resources: (node) => resourcesOf(node, request),
      async run({ label }, why, share): Promise<Outcome> {
        const { node, manifest } = byLabel.get(label)!;
        const job = workerJob(node, why, { ...setting, share });
        display.begin(label, "made again, to compare");
        const outcome = await pool.run(job, {
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
      ? `${found.length} of ${stored.length} made again in ${took}: all equal, to the last bit`
      : `${found.length} of ${stored.length} made again in ${took}: ${different} came out different`;
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

/** Those that are meant and complete, with what is stored of them. */
function storedNodes(
  nodes: readonly KeyedNode[],
  store: ArtifactStore,
  { names, file }: VerifyRequest,
): { node: KeyedNode; manifest: Manifest }[] {
  const keys = names.filter((name) => /^[0-9a-f]{6,64}$/.test(name));
  const others = names.filter((name) => !keys.includes(name));
  const meant = selectNodes(nodes, "verify", others);
  for (const start of keys) {
    const found = nodes.filter(({ key }) => key.startsWith(start));
    if (found.length === 0) {
      throw new Complaint(
        `no key of the experiment begins with ${start}`,
        `list its keys with: deno task run ${file} --plan`,
        { place: { file: `verify ${start}` } },
      );
    }
    for (const { label } of found) meant.add(label);
  }
  const stored = nodes
    .filter(({ label }) => names.length === 0 || meant.has(label))
    .flatMap((node) => {
      const found = store.find(node.definition.name, node.key);
      return found.state === "complete" ? [{ node, manifest: found.manifest }] : [];
    });
  if (stored.length > 0) return stored;
  throw new Complaint(
    "nothing that is meant is stored, so there is nothing to compare with",
    `make it first: deno task run ${file}`,
    { place: { file }, exitCode: 1 },
  );
}

/** The store as its readers see it, with other places to write. */
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
    `  remade   ${remade}`,
    ...differing.slice(0, 5).map((path) => `  differs  ${path}`),
    ...(differing.length > 5 ? [`  and ${differing.length - 5} more files`] : []),
  ];
  return [
    `${verdict}  ${label}`,
    `  key      ${key}`,
    ...lines,
    `  with     ${where}`,
    ...(versions["processor"] === undefined ? [] : [`  on       ${versions["processor"]}`]),
    `  made     on ${madeOn}, verified on ${host} at ${time}`,
    ...otherwise.map(({ name, made }) => `  made     with another ${name}: ${made}`),
  ].join("\n");
}
