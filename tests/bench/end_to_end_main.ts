/**
 * How long an update of fine-tuning and the scoring of captions with images take, from files, beside
 * PyTorch. Started by `main.ts`, which hands on its options.
 */
import { parseArgs } from "node:util";
import type { Precision } from "../../stages/model/matrix_product.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import {
  type EndToEndFiles,
  type EndToEndTask,
  endToEndTasks,
  recipe,
  writeEndToEndFiles,
} from "./end_to_end.ts";
import { RouteProcess } from "./route_process.ts";
import { succeeds } from "./succeeds.ts";
import { median } from "./table.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    threads: { type: "string", default: String(navigator.hardwareConcurrency) },
    rounds: { type: "string", default: "5" },
    turn: { type: "string", default: "3" },
    tasks: { type: "string", default: endToEndTasks.join() },
    precision: { type: "string", default: "float32,bfloat16" },
    python: { type: "string", default: "python3" },
    images: { type: "string", default: "20" },
    routes: { type: "string", default: "ours,torch" },
    json: { type: "boolean", default: false },
  },
});
const threads = Number(options.threads);
const images = Number(options.images);

interface Measured {
  readonly route: string;
  readonly check: readonly number[];
  readonly first: number;
  readonly seconds: number[];
  readonly cpuSeconds: number[];
  readonly peakMemory: number | undefined;
}

const pythonWorker = new URL("./end_to_end_pytorch.py", import.meta.url).pathname;
const ourWorker = new URL("./end_to_end_worker.ts", import.meta.url).pathname;
const commands = new Map<string, [string, ...string[]]>([
  ["ours", [Deno.execPath(), "run", "-A", "--no-check", ourWorker]],
]);
if (await succeeds(options.python, "-c", "import torch, numpy")) {
  commands.set("torch", [options.python, pythonWorker, "eager"]);
  commands.set("torch-compile", [options.python, pythonWorker, "compile"]);
}
for (const route of commands.keys()) {
  if (!options.routes.split(",").includes(route)) commands.delete(route);
}

using folder = temporaryFolder();
const files = await writeEndToEndFiles(folder.path, { images });
for (const task of options.tasks.split(",") as EndToEndTask[]) {
  for (const precision of options.precision.split(",") as Precision[]) {
    const measured = await measure(files, task, precision);
    if (options.json) console.log(JSON.stringify({ task, precision, measured }));
    else print(task, precision, measured);
  }
}

async function measure(
  { problems, ...places }: EndToEndFiles,
  task: EndToEndTask,
  precision: Precision,
): Promise<Measured[]> {
  const running = [];
  for (const [route, command] of commands) {
    const process = new RouteProcess(command);
    const scratch = `${folder.path}/${route}`;
    const ready = await process.start(
      { task, precision, threads, ...places, scratch, recipe, problems },
    );
    const [once = 1] = (await process.turn(1)).seconds;
    const count = Math.max(1, Math.min(50, Math.round(Number(options.turn) / once)));
    const seconds: number[] = [];
    running.push({ route, process, ready, seconds, cpuSeconds: [] as number[], count });
  }
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const { process, seconds, cpuSeconds, count } of running) {
      const turn = await process.turn(count);
      seconds.push(...turn.seconds);
      cpuSeconds.push(turn.cpuSeconds! / count);
    }
  }
  const measured = running.map(({ route, process, seconds, cpuSeconds, ready }) => ({
    ...ready,
    route,
    seconds,
    cpuSeconds,
    peakMemory: process.peakMemory(),
  }));
  await Promise.all(running.map(({ process }) => process.end()));
  const [ours] = measured;
  // Dropout differs from side to side.
  const tolerance = task === "fine-tuning" ? 0.25 : precision === "float32" ? 1e-3 : 0.1;
  for (const { route, check } of measured) {
    const apart = check.map((value, place) => Math.abs(value / ours!.check[place]! - 1));
    if (!(Math.max(...apart) < tolerance)) {
      throw new Error(`${route} computes ${check}, and not ${ours!.check}`);
    }
  }
  return measured;
}

function print(task: EndToEndTask, precision: Precision, measured: readonly Measured[]): void {
  const what = task === "grid"
    ? `scoring of ${images} images x ${5 * images} captions`
    : "fine-tuning, one update of 2 micro-steps";
  console.log(`\n${what}, from files, 6x384, ${precision}, threads: ${threads}`);
  console.log("  route          median     CPU time  ratio  of CPU  first step  peak memory");
  const [base] = measured;
  const time = (seconds: number) => `${(1000 * seconds).toFixed(0)} ms`.padStart(9);
  for (const { route, seconds, cpuSeconds, first, peakMemory = 0 } of measured) {
    const cells = [
      route.padEnd(13),
      time(median(seconds)),
      time(median(cpuSeconds)),
      (median(seconds) / median(base!.seconds)).toFixed(2).padStart(6),
      (median(cpuSeconds) / median(base!.cpuSeconds)).toFixed(2).padStart(6),
      `${first.toFixed(1)} s`.padStart(10),
      `${(peakMemory / 2 ** 20).toFixed(0)} MiB`.padStart(11),
    ];
    console.log(`  ${cells.join("  ")}`);
  }
}
