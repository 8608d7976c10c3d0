/**
 * Runs a sweep on a disk that fails at a certain call, then again on one that works; what is left is
 * compared with an unbroken run.
 */
import { cleanEnvironment } from "../support/command.ts";
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { openStore } from "../../pipeline/store/artifact_store.ts";
import { digestFolder } from "../../pipeline/store/commit.ts";
import { digestOfFiles } from "../../pipeline/store/manifest.ts";
import { withDatabase } from "../../results/database/database.ts";
import { type DiskCall, type Fault, readCalls } from "../support/faulty_disk.ts";
import { toyCommand } from "../support/toy_command.ts";

/** Five stages, two of which write checkpoints. */
export const faultSweep = `name: sweep
seed: 1
stages:
  numbers: { use: toy_numbers }
  tuned: { use: toy_train, numbers: numbers, matrix: { seed: [1, 2] }, steps: 10 }
  recall: { use: toy_evaluate, model: tuned, numbers: numbers }
`;

/** Where a disk can fail: each call of an unbroken run, by the process that makes it. */
export function faultPlaces(calls: readonly DiskCall[]): Omit<Fault, "kind">[] {
  const workers = Map.groupBy(
    calls.filter(({ role }) => role === "worker"),
    ({ path }) => /[0-9a-f]{64}/.exec(path)?.[0] ?? "",
  );
  const numbered = (count: number) => Array.from({ length: count }, (_, place) => place + 1);
  // Lines of logs are not counted: how many there are depends on how they arrive.
  const own = calls.filter(({ role, name }) => role === "pipeline" && name !== "writeSync");
  return [
    ...numbered(own.length).map((at) => ({ role: "pipeline" as const, match: "", at })),
    ...[...workers].flatMap(([match, list]) =>
      numbered(list.length).map((at) => ({ role: "worker" as const, match, at }))
    ),
  ];
}

/** The content of a results folder that does not depend on circumstances. */
export interface Left {
  /** `<stage>/<key>` -> digest of its files as they are on disk now. */
  readonly digests: Readonly<Record<string, string>>;
  /** Table -> its rows as texts, sorted; without times, clocks and reasons. */
  readonly tables: Readonly<Record<string, readonly string[]>>;
  /** Files that an unbroken run does not leave. */
  readonly litter: readonly string[];
}

/** Columns with the time, the speed or the reason of a run. */
const circumstances = new Set([
  "started",
  "seconds",
  "why",
  "requested",
  "pairs_per_second",
  "versions",
  "state", // of a source file
]);

/** How a run ended. */
export interface End {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly out: string;
  readonly err: string;
}

/** A run that met an error went on without that call, or ended with an exit code and a message. */
export function assertReportedClearly({ code, signal, out, err }: End, where: string): void {
  assert.ok([0, 1, 2].includes(code), `${where} ended with ${signal ?? code}:\n${out}${err}`);
  assert.ok(!`${out}${err}`.includes("internal:"), `${where}:\n${out}${err}`);
  if (code !== 0) assert.match(`${out}${err}`, /^error: /m, where);
}

export function faultHarness(folder: string, experiment: string, args: readonly string[]) {
  const [program, ...before] = toyCommand;
  const toyMain = before.pop()!;
  let number = 0;

  /** The entry file of a command line whose processes have this fault. */
  function entryOf(fault: Fault): string {
    const entry = `${folder}/faulty_${number++}.ts`;
    const support = pathToFileURL(toyMain.replace(/toy_main\.ts$/, "")).href;
    Deno.writeTextFileSync(
      entry,
      `import { installFault } from "${support}faulty_disk.ts";\n` +
        `import { toyStages } from "${support}toy_main.ts";\n` +
        `import { main } from "${support}../../pipeline/main.ts";\n` +
        `const role = Deno.args[0] === "worker" ? "worker" : "pipeline";\n` +
        `installFault(${JSON.stringify(fault)}, role);\n` +
        `Deno.exit(await main(Deno.args, { stages: toyStages, entry: new URL(import.meta.url) }));\n`,
    );
    return entry;
  }

  /** @param under a program and arguments that run the command, such as strace */
  async function run(entry: string, results: string, under: readonly string[] = []): Promise<End> {
    const [first, ...rest] = [...under, program, ...before, entry, "run", experiment, ...args];
    const { code, signal, stdout, stderr } = await new Deno.Command(first!, {
      args: [...rest, "--results", results],
      stdin: "null",
      clearEnv: true,
      env: { ...cleanEnvironment(), npm_command: "" },
      stdout: "piped",
      stderr: "piped",
      detached: true, // a process group of its own; output() alone would make none
    }).spawn().output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, signal, out: decode(stdout), err: decode(stderr) };
  }

  return {
    /** Every call of an unbroken run: the pipeline's own, and those of each stage's worker. */
    async calls(results: string): Promise<DiskCall[]> {
      const { code, err } = await run(
        entryOf({ kind: "list", role: "pipeline", match: "", at: 0 }),
        results,
      );
      if (code !== 0) throw new Error(`the run ended with ${code}: ${err}`);
      const store = openStore(results);
      const logs = store.list().flatMap(({ kind, key }) =>
        readCalls(Deno.readTextFileSync(`${store.completeFolder(kind, key)}/log/output.log`))
          // Calls without a path are told apart by the stage that made them.
          .map((call) => ({ ...call, path: call.path === "" ? key : call.path }))
      );
      return [...readCalls(err), ...logs];
    },
    runBroken: (results: string, fault: Fault) => run(entryOf(fault), results),
    runUnder: (results: string, under: readonly string[]) => run(toyMain, results, under),
    /** Runs again on a disk that works; gives what is left. */
    async runAgain(results: string): Promise<Left> {
      const { code, out, err } = await run(toyMain, results);
      if (code !== 0) throw new Error(`the second run ended with ${code}: ${out}${err}`);
      return await leftIn(results);
    },
    leftIn,
  };
}

async function leftIn(root: string): Promise<Left> {
  const store = openStore(root);
  const digests: Record<string, string> = {};
  for (const { kind, key } of store.list()) {
    const files = await digestFolder(`${store.completeFolder(kind, key)}/artifact`);
    digests[`${kind}/${key}`] = digestOfFiles(files);
  }
  return { digests, tables: await tablesOf(root), litter: litterIn(root) };
}

async function tablesOf(root: string): Promise<Record<string, string[]>> {
  return await withDatabase(root, async (connection) => {
    const tables: Record<string, string[]> = {};
    const names = await connection.runAndReadAll(
      "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() " +
        "WHERE table_name IN (SELECT table_name FROM duckdb_tables()) GROUP BY table_name",
    );
    for (const [table, columns] of names.getRowsJson() as [string, string[]][]) {
      const kept = columns.filter((name) => !circumstances.has(name)).map((name) => `"${name}"`);
      const rows = await connection.runAndReadAll(`SELECT ${kept} FROM "${table}" ORDER BY ALL`);
      tables[table] = rows.getRowsJson().map((row) => JSON.stringify(row));
    }
    return tables;
  }, { readOnly: true });
}

/** Pending folders, locks, half-written files and files set aside. */
function litterIn(root: string): string[] {
  const names = (folder: string) => {
    try {
      return [...Deno.readDirSync(`${root}/${folder}`)].map(({ name }) => `${folder}/${name}`);
    } catch {
      return [];
    }
  };
  return [
    ...names("pending"),
    ...names("state/failed"),
    ...names("state/trash"),
    ...names("state/set_aside"),
    ...names("state/live"),
    ...names("state/verify"),
    ...["state", "state/requested", "state/last", "state/code", "state/code/text"].flatMap(names)
      .filter((path) => path.endsWith(".part")),
  ];
}
