/**
 * `deno task bench --dump FOLDER`: the recorded programs as XLA takes them (`HloModuleProto`, before it
 * optimises for a device), what they read and make, and a script that runs them where a GPU is.
 * They are compiled here on the CPU, whatever devices there are, but not run; weights are inputs.
 */
import { join } from "node:path";
import type { CompiledOnly } from "../../../stages/tensorflow/programs/compile_only.ts";
import { lines } from "../lines.ts";
import type { Programs } from "../programs.ts";
import { productOperations, type Size, sizes, type Workload, workload } from "../workload.ts";
import { moduleIn, readHloModule } from "./hlo_module.ts";
import type { ProgramRequest } from "./worker.ts";

/** UNITER's two models; a batch of any number of pairs. */
export const dumpSizes: Readonly<Record<string, Size>> = {
  "12x768": sizes["12x768"]!,
  "24x1024": { layers: 24, hidden: 1024, heads: 16, pairs: 8, positions: 80 },
};

export interface DumpOptions {
  readonly sizes: Readonly<Record<string, Size>>;
  readonly pairs: readonly number[];
  readonly precisions: readonly Workload["precision"][];
  /** What was written, in a line each. */
  readonly print: (line: string) => void;
}

/** A workload in `programs.json`. */
export interface DumpedWorkload {
  readonly size: string;
  readonly job: Workload;
  /** Multiplications and additions of its matrix products. */
  readonly operations: number;
  readonly programs: Readonly<Partial<Record<keyof Programs, DumpedProgram>>>;
}

export interface DumpedProgram {
  readonly file: string;
  /** In the order of the program's parameters and results. */
  readonly inputs: readonly PathAndShape[];
  readonly outputs: readonly PathAndShape[];
}

type PathAndShape = readonly [path: string, shape: readonly number[]];

/** Runs beside the programs. */
const scripts = ["./run_programs.py", "../pytorch_worker.py"];

export async function dump(folder: string, options: DumpOptions): Promise<void> {
  Deno.mkdirSync(folder, { recursive: true });
  const workloads = workloadsOf(options);
  const made = new Map<string, DumpedProgram>();
  // A process for each batch: what XLA has compiled stays in its memory.
  const batches = Map.groupBy(workloads, ({ size, job }) => `${size} ${job.pairs}`);
  for (const batch of batches.values()) {
    const requests = batch.flatMap(requestsOf).filter(({ file }) => !made.has(file));
    const different = new Map(requests.map((request) => [request.file, request]));
    for (const program of await compileAll(folder, [...different.values()], options)) {
      made.set(program.file, program);
    }
  }
  const listed = workloads.map((work): DumpedWorkload => ({
    ...work,
    operations: productOperations(work.job),
    programs: Object.fromEntries(
      requestsOf(work).map(({ program, file }) => [program, made.get(file)!]),
    ),
  }));
  const text = listed.map((one) => JSON.stringify(one)).join(",\n");
  Deno.writeTextFileSync(join(folder, "programs.json"), `[\n${text}\n]\n`);
  for (const script of scripts) {
    const url = new URL(script, import.meta.url);
    Deno.copyFileSync(url, join(folder, url.pathname.split("/").at(-1)!));
  }
}

type SizedWorkload = Pick<DumpedWorkload, "size" | "job">;
type FileRequest = ProgramRequest & { readonly file: string };

function workloadsOf({ sizes, pairs, precisions }: DumpOptions): SizedWorkload[] {
  return Object.entries(sizes).flatMap(([size, shape]) =>
    pairs.flatMap((pairs) =>
      precisions.flatMap((precision) =>
        (["training", "scoring"] as const).map((task) => ({
          size,
          job: workload({ ...shape, pairs }, { task, precision, threads: 1 }),
        }))
      )
    )
  );
}

/** The programs of a workload, and their files. */
function requestsOf({ size, job }: SizedWorkload): FileRequest[] {
  const batch = `${job.pairs}x${job.positions}_${job.precision}`;
  if (job.task === "scoring") {
    return [{ program: "scores", job, file: `${size}_${batch}_scores.hlo.pb` }];
  }
  // An update depends neither on the batch nor on the precision of products.
  return [
    { program: "gradients", job, file: `${size}_${batch}_gradients.hlo.pb` },
    { program: "update", job, file: `${size}_update.hlo.pb` },
  ];
}

/** Compiles programs in a process that has XLA write what it compiles. */
async function compileAll(
  folder: string,
  requests: readonly FileRequest[],
  { print }: DumpOptions,
): Promise<DumpedProgram[]> {
  const written = Deno.makeTempDirSync({ prefix: "bench_dump_" });
  const worker = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("./worker.ts", import.meta.url).pathname],
    env: {
      CUDA_VISIBLE_DEVICES: "",
      // What is written is not optimised yet; nobody needs what comes after.
      XLA_FLAGS: `--xla_dump_to="${written}" --xla_dump_hlo_as_proto ` +
        "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false",
    },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  try {
    await new Response(JSON.stringify(requests)).body!.pipeTo(worker.stdin);
    const made: DumpedProgram[] = [];
    for await (const line of lines(worker.stdout)) {
      if (!line.startsWith("{")) continue;
      const compiled: CompiledOnly = JSON.parse(line);
      const { file } = requests[made.length]!;
      const module = moduleIn(Deno.readFileSync(join(written, dumpedFile(written, compiled.name))));
      checkModule(module, compiled);
      Deno.writeFileSync(join(folder, file), module);
      print(`${join(folder, file)}: ${(module.length / 1e6).toFixed(1)} MB`);
      const pair = ({ path, shape }: CompiledOnly["inputs"][number]) => [path, shape] as const;
      made.push({
        file,
        inputs: compiled.inputs.map(pair),
        outputs: compiled.outputs.map(pair),
      });
    }
    const { success } = await worker.status;
    if (!success) throw new Error("the programs could not be compiled; the error stands above");
    return made;
  } finally {
    Deno.removeSync(written, { recursive: true });
  }
}

/** The file that XLA wrote of a function before it optimised it. */
function dumpedFile(folder: string, name: string): string {
  const file = [...Deno.readDirSync(folder)].map(({ name }) => name).find((file) =>
    file.includes(`.${name}_`) && file.endsWith(".before_optimizations.hlo.pb")
  );
  if (file === undefined) throw new Error(`internal: XLA did not write ${name}`);
  return file;
}

/** Other XLAs can compile it, and its inputs and outputs are those that we list. */
function checkModule(bytes: Uint8Array, { name, inputs, outputs }: CompiledOnly): void {
  const { parameters, results, opcodes } = readHloModule(bytes);
  if (opcodes.has("custom-call")) {
    throw new Error(`internal: ${name} calls code of this machine's XLA`);
  }
  const shapes = (tensors: CompiledOnly["inputs"]) => JSON.stringify(tensors.map((t) => t.shape));
  if (JSON.stringify(parameters) !== shapes(inputs)) {
    throw new Error(`internal: the parameters of ${name} are not its inputs`);
  }
  if (JSON.stringify(results) !== shapes(outputs)) {
    throw new Error(`internal: the results of ${name} are not its outputs`);
  }
}
