/** The routes of training and scoring: command lines of workers. What is not installed is left out. */
import { succeeds } from "./succeeds.ts";
import type { Workload } from "./workload.ts";

export interface Route {
  readonly command: readonly [string, ...string[]];
  /** Whether it is measured on a workload; default: on every one. */
  readonly measures?: (size: string, job: Workload) => boolean;
}

export const ourRoutes = ["ours", "recorded", "eager"] as const;

/** Arguments of PyTorch's worker. */
const torchRoutes: Readonly<Record<string, readonly string[]>> = {
  "torch": ["eager", "tuned"],
  "torch-compile": ["compile", "tuned"],
  "plain-torch": ["eager", "plain"],
  "plain-compile": ["compile", "plain"],
};

/**
 * Other ways to train from TypeScript. Their packages are none of this project's: `peers/deno.json` and
 * the lock file beside it are the workers' own.
 */
const peerRoutes: Readonly<Record<string, { readonly worker: string; readonly name: string }>> = {
  "jax-js": { worker: "jax_js_worker.ts", name: "@jax-js/jax" },
  "tfjs-wasm": { worker: "tfjs_wasm_worker.ts", name: "@tensorflow/tfjs-backend-wasm" },
};

export const routeNames = [
  ...ourRoutes,
  ...Object.keys(torchRoutes),
  ...Object.keys(peerRoutes),
];

/** Those of the wanted ones that can be measured here. */
export async function installedRoutes(
  wanted: readonly string[],
  python: string,
): Promise<Map<string, Route>> {
  const routes = new Map<string, Route>();
  const script = (path: string) => new URL(path, import.meta.url).pathname;
  for (const name of ourRoutes) {
    routes.set(name, { command: [Deno.execPath(), "run", "-A", script("./our_worker.ts"), name] });
  }
  if (Object.keys(torchRoutes).some((name) => wanted.includes(name))) {
    if (await succeeds(python, "-c", "import torch")) {
      for (const [name, args] of Object.entries(torchRoutes)) {
        routes.set(name, { command: [python, script("./pytorch_worker.py"), ...args] });
      }
    } else {
      console.error(
        `PyTorch is left out: \`${python}\` cannot import torch (--python PATH names one)`,
      );
    }
  }
  for (const [name, { worker, name: npm }] of Object.entries(peerRoutes)) {
    if (!wanted.includes(name)) continue;
    const run = [Deno.execPath(), "run", "-A", "--config", script("./peers/deno.json")] as const;
    if (await succeeds(...run, script("./peers/import.ts"), npm)) {
      routes.set(name, { command: [...run, script(`./peers/${worker}`)], measures: peersMeasure });
    } else {
      console.error(`${name} is left out: npm:${npm} cannot be fetched or does not load`);
    }
  }
  return new Map([...routes].filter(([name]) => wanted.includes(name)));
}

/** A step of the larger models takes them minutes, and they have no bfloat16. */
function peersMeasure(size: string, { task, precision }: Workload): boolean {
  return size === "4x256" && task === "training" && precision === "float32";
}
