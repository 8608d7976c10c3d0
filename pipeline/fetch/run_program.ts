/** Runs a program that fetches. */
import { fromFileUrl } from "../disk/file_path.ts";

/** How a program ended. */
export type Ending =
  | { readonly type: "done" }
  | { readonly type: "not installed" }
  /** The end of what it printed as errors. */
  | { readonly type: "failed"; readonly reason: string };

/**
 * Runs a program and waits for its end. It ends with this process, however this one ends.
 *
 * @param options.folder its working folder, from which it must not take settings or code
 * @param options.environment variables in addition to those of this process
 */
export async function runProgram(
  command: readonly [string, ...string[]],
  { folder, environment }: {
    readonly folder: string;
    readonly environment: Readonly<Record<string, string>>;
  },
): Promise<Ending> {
  const guard = fromFileUrl(new URL("./guard.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "--no-prompt", "--allow-run", guard, ...command],
    cwd: folder,
    env: { ...environment, DENO_NO_UPDATE_CHECK: "1" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const [{ code }, errors] = await Promise.all([child.status, new Response(child.stderr).text()]);
  await child.stdin.close().catch(() => {}); // it has ended
  if (code === 0) return { type: "done" };
  if (code === 127) return { type: "not installed" };
  const reason = errors.trim().split("\n").slice(-3).join(" ").slice(0, 500);
  return { type: "failed", reason: reason === "" ? `exit code ${code}` : reason };
}
