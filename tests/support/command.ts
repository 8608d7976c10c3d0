/** The product's own command line, in a process of its own. */
import { fileURLToPath } from "node:url";

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export const projectFolder: string = fileURLToPath(new URL("../../", import.meta.url));

/** Runs `deno task ...` as a user does, from the project's folder. */
export async function denoTask(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", ...args],
    cwd: projectFolder,
    env: { NO_COLOR: "1", ...environment },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}
