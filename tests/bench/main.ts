/**
 * `deno task bench`: how fast is a recorded training step, how fast is scoring pairs, how fast are
 * published features read, and how long does a run take that has nothing to do? Times this
 * project's routes and, where they are installed, PyTorch and libraries of TypeScript, side by side:
 * each route in a process of its own, all with the same numbers and the same threads, in turns, since machines are
 * never quiet. Only warm steps are timed.
 */
import { parseArgs } from "node:util";
import type { Precision } from "../../stages/model/matrix_product.ts";
import { dump, dumpSizes } from "./dump/dump.ts";
import type { ProductPeak } from "./product_peak.ts";
import { RouteProcess } from "./route_process.ts";
import { installedRoutes, ourRoutes, type Route, routeNames } from "./routes.ts";
import { type Measured, median, tableLines } from "./table.ts";
import {
  precisions,
  productOperations,
  type Size,
  sizes,
  type Task,
  tasks,
  type Workload,
  workload,
} from "./workload.ts";

/** Tasks with a script of their own. */
const ownTasks = ["features", "engine", "end-to-end"] as const;

const dumped = Object.keys(dumpSizes).join(" and ");

const help = `deno task bench [options]
  --threads N          threads of every route (default: all cores)
  --rounds N           turns of every route (default: 5)
  --turn SECONDS       length of a turn (default: 3)
  --sizes A,B          of ${Object.keys(sizes).join(", ")} (default: all)
  --tasks A,B          of ${[...tasks, ...ownTasks].join(", ")} (default: all)
  --precision A,B      of ${precisions.join(", ")} (default: all); PyTorch's under autocast
  --routes A,B         of ${ourRoutes.join(", ")}, torch, torch-compile, plain-torch,
                       plain-compile, jax-js, tfjs-wasm (default: all); plain: as UNITER's
                       release is written; the last two: training 4x256 in float32 alone
  --images N           of end-to-end scoring, with 5 captions each (default: 20)
  --json               prints the rows of training and scoring as JSON, and nothing else
  --dump DIR           measures nothing, but writes the recorded programs to be run elsewhere, as
                       on a GPU (docs/gpu.md): those of --sizes, by default ${dumped}
  --pairs A,B          sizes of the batches to dump (default: 8,128)
  --tools DIR          where \`dvc\` and \`snakemake\` are, for the engine (default: PATH)
  --python PATH        a Python with PyTorch (default: $PYTHON, else python3)

The large size takes about 20 GB with all routes, whose processes wait side by side.`;

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    threads: { type: "string", default: String(navigator.hardwareConcurrency) },
    rounds: { type: "string", default: "5" },
    turn: { type: "string", default: "3" },
    sizes: { type: "string" },
    precision: { type: "string", default: precisions.join() },
    json: { type: "boolean", default: false },
    tasks: { type: "string", default: [...tasks, ...ownTasks].join() },
    images: { type: "string", default: "20" },
    routes: { type: "string", default: routeNames.join() },
    dump: { type: "string" },
    pairs: { type: "string", default: "8,128" },
    python: { type: "string", default: Deno.env.get("PYTHON") || "python3" },
    tools: { type: "string", default: "" },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(help);
  Deno.exit(0);
}
const threads = Number(options.threads);
if (options.dump !== undefined) {
  await dumpPrograms(options.dump);
  Deno.exit(0);
}
const wanted = options.routes.split(",");
const unknown = wanted.filter((name) => !routeNames.includes(name));
if (unknown.length > 0) throw new Error(`no route ${unknown.join()}\n${help}`);
const askedTasks = options.tasks.split(",");
const own = new Map<string, () => Promise<void>>([
  ["features", benchFeatures],
  ["engine", benchEngine],
  ["end-to-end", benchEndToEnd],
]);
if (!options.json) {
  for (const [task, bench] of own) if (askedTasks.includes(task)) await bench();
}
if (askedTasks.every((task) => own.has(task))) Deno.exit(0);
const routes = await installedRoutes(wanted, options.python);

const peak = await productPeak();
const print = options.json ? (_: string) => {} : console.log;
print(
  `${peak.processor} (${peak.features.join(", ")}), threads: ${threads}; products: ` +
    precisions.map((name) => `${name} ${(peak[name] / 1e9).toFixed(0)} GFLOP/s`).join(", "),
);
const rows: Row[] = [];
for (const [sizeName, size] of Object.entries(chosenSizes(sizes))) {
  for (const task of askedTasks.filter((task) => !own.has(task)) as Task[]) {
    for (const precision of chosenPrecisions()) {
      await benchWorkload(sizeName, workload(size, { task, precision, threads }));
    }
  }
}
if (options.json) console.log(JSON.stringify(rows, null, 2));

/** Those of `--sizes`, by default all. */
function chosenSizes(known: Readonly<Record<string, Size>>): Record<string, Size> {
  const names = options.sizes?.split(",") ?? Object.keys(known);
  return Object.fromEntries(names.map((name) => {
    const size = known[name];
    if (size === undefined) throw new Error(`no size ${name}\n${help}`);
    return [name, size];
  }));
}

function chosenPrecisions(): Precision[] {
  return (options.precision.split(",") as Precision[]).map((precision) => {
    if (!precisions.includes(precision)) throw new Error(`no precision ${precision}\n${help}`);
    return precision;
  });
}

async function dumpPrograms(folder: string): Promise<void> {
  const pairs = options.pairs.split(",").map(Number);
  if (!pairs.every((count) => Number.isInteger(count) && count > 0)) {
    throw new Error(`no numbers of pairs: ${options.pairs}\n${help}`);
  }
  const precisions = chosenPrecisions();
  const shapes = { ...sizes, ...dumpSizes };
  const chosen = options.sizes === undefined ? dumpSizes : chosenSizes(shapes);
  await dump(folder, { sizes: chosen, pairs, precisions, print: console.log });
  console.log(`run them on the machine to be measured: python "${folder}/run_programs.py"`);
}

/** One row of `--json`; seconds. */
interface Row {
  readonly size: string;
  readonly task: Task;
  readonly precision: Precision;
  readonly route: string;
  readonly median: number;
  readonly fastest: number;
}

async function benchWorkload(sizeName: string, job: Workload): Promise<void> {
  const { task, precision, heads, pairs, positions } = job;
  const measuring = [...routes].filter(([, { measures }]) => measures?.(sizeName, job) ?? true);
  if (measuring.length === 0) return;
  print(
    `\n${task}, ${sizeName} (${heads} heads), ${pairs} pairs x ${positions} tokens, ${precision}`,
  );
  const measured = await measure(measuring, job);
  const lines = tableLines(measured, {
    // Rounded to 8 bits, losses after two updates differ with the order of sums.
    tolerance: precision === "float32" ? 1e-3 : 0.1,
    fastestPossible: productOperations(job) / peak[precision],
  });
  for (const line of lines) print(line);
  for (const { route, seconds } of measured) {
    const all = seconds.flat();
    const row = { size: sizeName, task, precision, route };
    rows.push({ ...row, median: median(all), fastest: Math.min(...all) });
  }
}

/** Measured before anything else runs. */
async function productPeak(): Promise<ProductPeak> {
  const script = new URL("./product_peak.ts", import.meta.url).pathname;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", script, String(threads)],
    stderr: "null",
  }).output();
  if (!success) throw new Error("the speed of products could not be measured");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Reading of published formats, in a process of its own: it needs 1 GB of disk for a moment. */
async function benchFeatures(): Promise<void> {
  console.log("region features from published formats, one core, warm page cache");
  const script = new URL("./features.ts", import.meta.url).pathname;
  await new Deno.Command(Deno.execPath(), { args: ["run", "-A", script] }).spawn().status;
}

/** A run with nothing to do, beside other pipelines. */
async function benchEngine(): Promise<void> {
  const script = new URL("./nothing_to_do.ts", import.meta.url).pathname;
  const { rounds, tools } = options;
  const args = ["run", "-A", script, "--rounds", rounds, "--tools", tools];
  await new Deno.Command(Deno.execPath(), { args }).spawn().status;
}

/** Updates and scores from files, beside the release's way in PyTorch. */
async function benchEndToEnd(): Promise<void> {
  const script = new URL("./end_to_end_main.ts", import.meta.url).pathname;
  const { rounds, turn, precision, python, images } = options;
  const given = { threads: String(threads), rounds, turn, precision, python, images };
  const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]);
  await new Deno.Command(Deno.execPath(), { args: ["run", "-A", script, ...args] }).spawn().status;
}

async function measure(routes: readonly [string, Route][], job: Workload): Promise<Measured[]> {
  const running = [];
  for (const [route, { command }] of routes) {
    const process = new RouteProcess(command);
    const ready = await process.start(job);
    const [once = 1] = (await process.turn(1)).seconds;
    const steps = Math.round(Number(options.turn) / once);
    const count = steps === 0 ? 1 : Math.max(2, Math.min(50, steps));
    running.push({ route, process, ready, seconds: [] as number[][], count });
  }
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const { process, seconds, count } of running) {
      seconds.push((await process.turn(count)).seconds);
    }
  }
  const measured = running.map(({ route, process, seconds, ready }): Measured => ({
    route,
    seconds,
    peakMemory: process.peakMemory(),
    ...ready,
  }));
  await Promise.all(running.map(({ process }) => process.end()));
  return measured;
}
