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
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}
