import { cleanEnvironment } from "./command.ts";
import { fileURLToPath } from "node:url";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const configuration = path("../../deno.json");

/** How the toy command line is started. */
export const toyCommand = [
  Deno.execPath(),
  "run",
  "-A",
  "--quiet",
  "--config",
  configuration,
  path("toy_main.ts"),
] as const;

export const toyExperiment: string = path("toy.yaml");

/** However the tests were started: the program names its commands by how it was started itself. */
const startedByDeno = { npm_command: "" };

export interface Spoken {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the toy command line in a process of its own and waits for its end. */
export async function runToy(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Spoken> {
  const [program, ...before] = toyCommand;
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...before, ...args],
    stdin: "null",
    ...options,
    clearEnv: true,
    env: { ...cleanEnvironment(), ...startedByDeno, ...options.env },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

/** A toy command line that is still running; it is killed when it goes out of scope. */
export interface RunningToy extends AsyncDisposable {
  readonly child: Deno.ChildProcess;
  /** Reads on until the output holds a text; returns all output so far. */
  until(text: string): Promise<string>;
}

export function startToy(
  args: readonly string[],
  [program, ...before]: readonly [string, ...string[]] = toyCommand,
): RunningToy {
  const child = new Deno.Command(program, {
    args: [...before, ...args],
    stdin: "null",
    clearEnv: true,
    env: { ...cleanEnvironment(), ...startedByDeno },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let out = "";
  return {
    child,
    async until(text) {
      while (!out.includes(text)) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the output ended without ${JSON.stringify(text)}:\n${out}`);
        out += value;
      }
      return out;
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await reader.cancel();
      await child.status;
    },
  };
}
