/** The product's own command line, in a process of its own. */
import { fileURLToPath } from "node:url";

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export const projectFolder: string = fileURLToPath(new URL("../../", import.meta.url));

/** Variables that opening TensorFlow sets in this process; one of them is part of a stage's key. */
const setByTensorFlow = [
  ...["TF_CPP_MIN_LOG_LEVEL", "TF_DETERMINISTIC_OPS", "TF_XLA_FLAGS", "CUBLAS_WORKSPACE_CONFIG"],
  ...["NVIDIA_TF32_OVERRIDE", "IAIS_DEVICE"],
];

/**
 * The environment of a process in which TensorFlow was never opened. Test files that run at the same time
 * share a process, so one may open it at any time.
 */
export function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(Deno.env.toObject());
  return Object.fromEntries(entries.filter(([name]) => !setByTensorFlow.includes(name)));
}

/** Runs `deno task ...` as a user does, from the project's folder. */
export async function denoTask(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", ...args],
    cwd: projectFolder,
    clearEnv: true,
    env: { ...cleanEnvironment(), NO_COLOR: "1", ...environment },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}
