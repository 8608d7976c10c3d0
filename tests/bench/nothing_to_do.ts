/**
 * How long a run takes that finds nothing to do, whole process, beside make, Snakemake and DVC where
 * they are installed: chains of ten trivial stages, all in turns. And how long a thousand of them
 * take from nothing.
 */
import { parseArgs } from "node:util";
import { chainStages } from "./chain_main.ts";
import { chainExperiment } from "./chains.ts";
import { fillStore } from "./filled_store.ts";
import { type OtherPipeline, otherPipelines } from "./other_pipelines.ts";
import { succeeds } from "./succeeds.ts";
import { median } from "./table.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    rounds: { type: "string", default: "5" },
    stages: { type: "string", default: "100,1000,10000" },
    tools: { type: "string", default: "" },
    folder: { type: "string", default: "" },
  },
});
const rounds = Number(options.rounds);
const bin = options.tools === "" ? "" : `${options.tools.replace(/\/$/, "")}/`;
/** A run that takes longer is not waited for, nor asked again with more stages. */
const patience = 120;

interface Route {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
}

const root = options.folder || Deno.makeTempDirSync({ prefix: "bench-" });
const project = new URL("../../", import.meta.url).pathname;
const counts = options.stages.split(",").map(Number);
const others: OtherPipeline[] = [];
for (const other of otherPipelines(bin)) {
  const [program] = other.command;
  if (await succeeds(program!, "--version")) others.push(other);
  else console.log(`${other.name} is left out: no \`${program}\` (--tools DIR names its folder)`);
}
try {
  const medians = new Map<string, Map<number, string>>();
  const lost = new Set<string>();
  for (const count of counts) {
    const routes = (await settled(count)).filter(({ name }) => !lost.has(name));
    const seconds = new Map<string, number[]>(routes.map(({ name }) => [name, []]));
    for (let round = 0; round <= rounds; round++) {
      for (const { name, ...route } of routes) {
        // The first round warms what the system keeps in memory; a slow one is not asked again.
        const known = seconds.get(name)!;
        if (round > 1 && (known[0] ?? 0) > 10) continue;
        if (lost.has(name)) continue;
        const took = await timed(route);
        if (took === undefined) lost.add(name);
        else if (round > 0) known.push(took);
      }
    }
    for (const [name, known] of seconds) {
      const cells = medians.get(name) ?? new Map();
      medians.set(name, cells.set(count, known.length === 0 ? `> ${patience} s` : text(known)));
    }
  }
  console.log(`\nnothing to do, whole process, median of ${rounds} rounds (fastest)`);
  print(counts.map((count) => `${count} stages`), medians, counts);
  const some = counts.includes(1000) ? 1000 : counts[0]!;
  console.log(`\n${some} stages from nothing, two at once`);
  for (const { name, ...route } of fresh(some)) {
    const took = await timed(route, 600);
    console.log(`  ${name.padEnd(16)} ${took === undefined ? "> 600 s" : `${took.toFixed(1)} s`}`);
  }
} finally {
  if (options.folder === "") await Deno.remove(root, { recursive: true });
}

/** Every route, with all of its stages done. */
async function settled(count: number): Promise<Route[]> {
  const own = ours(count, "done");
  await fillStore(`${own[0]!.cwd}/chains.yaml`, `${own[0]!.cwd}/results`, chainStages);
  const routes = [...own];
  for (const other of others) {
    const cwd = folderFor(other.name, count);
    other.describe(cwd, count);
    let sound = true;
    for (const command of other.settle(cwd, count)) {
      sound &&= await timed({ command, cwd }) !== undefined;
    }
    if (sound) routes.push({ name: other.name, command: other.command, cwd });
    else console.log(`${other.name} is left out of ${count} stages: it takes over ${patience} s`);
  }
  return routes;
}

function fresh(count: number): Route[] {
  return [
    ours(count, "fresh")[0]!,
    ...others.map((other) => {
      const cwd = folderFor(`${other.name}-fresh`, count);
      other.describe(cwd, count);
      if (other.name === "dvc") {
        new Deno.Command(`${bin}dvc`, { args: ["init", "--no-scm", "--quiet"], cwd }).outputSync();
      }
      return { name: other.name, command: other.command, cwd };
    }),
  ];
}

function ours(count: number, name: string): Route[] {
  const cwd = folderFor(name, count);
  Deno.writeTextFileSync(`${cwd}/chains.yaml`, chainExperiment(count));
  const main = `${project}tests/bench/chain_main.ts`;
  const run = ["run", "-A", "--quiet", "--config", `${project}deno.json`, main];
  const args = [...run, "run", "chains.yaml", "--results", `${cwd}/results`, "--jobs", "2"];
  return [
    { name: "ours", command: [Deno.execPath(), ...args], cwd },
    { name: "ours, by npx", command: ["npx", "-y", "deno", ...args], cwd },
  ];
}

function folderFor(name: string, count: number): string {
  const folder = `${root}/${name}-${count}`;
  Deno.mkdirSync(folder, { recursive: true });
  return folder;
}

/** Seconds; undefined when it takes too long. */
async function timed(
  { command: [program, ...args], cwd }: Omit<Route, "name">,
  most = patience,
): Promise<number | undefined> {
  const begun = performance.now();
  const signal = AbortSignal.timeout(most * 1000);
  const { success, stderr, code } = await new Deno.Command(program!, {
    args,
    cwd,
    signal,
    stdin: "null",
  }).output();
  if (signal.aborted) return undefined;
  if (!success) throw new Error(`${program} failed (${code}): ${new TextDecoder().decode(stderr)}`);
  return (performance.now() - begun) / 1000;
}

function text(seconds: readonly number[]): string {
  return `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)})`;
}

function print(
  headings: readonly string[],
  rows: ReadonlyMap<string, ReadonlyMap<number, string>>,
  columns: readonly number[],
): void {
  const line = (name: string, cells: readonly string[]) =>
    console.log(`  ${name.padEnd(14)}${cells.map((cell) => cell.padStart(18)).join("")}`);
  line("", headings);
  for (const [name, cells] of rows) line(name, columns.map((column) => cells.get(column) ?? "-"));
}
