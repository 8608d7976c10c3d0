import { cleanEnvironment } from "./command.ts";
import { fileURLToPath } from "node:url";
import { cpSync } from "node:fs";
import { temporaryFolder } from "./temporary_folder.ts";
import { type RunningToy, type Spoken, startToy } from "./toy_command.ts";

/** The pipeline and the toy stages in a folder of their own, so that a test can edit their code. */
export interface CopiedProject extends Disposable {
  readonly path: string;
  /** The default of `--results`. */
  readonly results: string;
  /** Runs the toy command line there. */
  toy(...args: readonly string[]): Promise<Spoken>;
  /** Starts the toy command line there. */
  start(...args: readonly string[]): RunningToy;
  /** Replaces a text that must be there in a file. */
  edit(file: string, from: string, to: string): void;
}

export function copiedProject(): CopiedProject {
  const folder = temporaryFolder();
  const project = new URL("../../", import.meta.url);
  for (
    const part of [
      ...["pipeline", "results", "tests/support", "deno.json", "deno.lock", "package.json"],
      // What the toy stage that chooses is made of.
      ...["choose", "parameter_schemas", "evaluate/chosen_model", "data/formats/json_lines"]
        .map((module) => `stages/${module}.ts`),
    ]
  ) {
    cpSync(fileURLToPath(new URL(part, project)), `${folder.path}/${part}`, {
      recursive: true,
      filter: (path) =>
        !/results\/(store|\.moving_to_store|artifacts|pending|state|.*\.duckdb.*)$/.test(path),
    });
  }
  const results = `${folder.path}/results/store`;
  const command = ["run", "-A", "--quiet", `${folder.path}/tests/support/toy_main.ts`];
  return {
    path: folder.path,
    results,
    async toy(...args) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...command, ...args],
        stdin: "null",
        clearEnv: true,
        env: { ...cleanEnvironment(), npm_command: "" },
      }).output();
      const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, out: decode(stdout), err: decode(stderr) };
    },
    start: (...args) => startToy(args, [Deno.execPath(), ...command]),
    edit(file, from, to) {
      const path = `${folder.path}/${file}`;
      const before = Deno.readTextFileSync(path);
      if (!before.includes(from)) throw new Error(`${file} does not hold ${JSON.stringify(from)}`);
      Deno.writeTextFileSync(path, before.replace(from, to));
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
