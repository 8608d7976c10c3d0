/**
 * Numbers computed by the published release (tests/golden/release/README.txt).
 * `IAIS_GOLDENS` names another folder of the same shape.
 */
import { resolve } from "node:path";
import { type Configuration, parseConfiguration } from "../../stages/model/configuration.ts";
import { readCheckpoint } from "../../stages/model/checkpoint/checkpoint.ts";
import type { HostWeights } from "../../stages/model/weights.ts";
import { withRankHead } from "../../stages/model/initial_weights.ts";
import { type NumpyArray, readNpz } from "./npz.ts";

export function goldenFile(name: string): string {
  const release = resolve(import.meta.dirname!, "../golden/release");
  return resolve(Deno.env.get("IAIS_GOLDENS") ?? release, name);
}

// deno-lint-ignore no-explicit-any -- recorded JSON, read by path
export function goldenJson(name: string): any {
  return JSON.parse(Deno.readTextFileSync(goldenFile(name)));
}

/**
 * How far a score or a state may be from the release's: 1e-5, or three times what the release's own
 * float32 is from its float64 where that is more.
 */
export function goldenTolerance(): number {
  return Math.max(1e-5, 3 * goldenJson("expected.json").eval.max_abs_diff_fp32_fp64);
}

export function goldenConfiguration(): Configuration {
  return parseConfiguration(Deno.readTextFileSync(goldenFile("config.json")), {
    file: goldenFile("config.json"),
    imgDim: goldenJson("expected.json").meta.img_dim,
  });
}

/** A checkpoint of the folder, by default the one to start from, with a rank head as we make it. */
export async function goldenCheckpoint(
  name: string = goldenJson("expected.json").eval.checkpoint,
): Promise<HostWeights> {
  return withRankHead(await readCheckpoint(goldenFile(name)));
}

/** Two positive pairs with the release's values at every stop of the forward pass. */
export function goldenForward(): { prefix: string; array(name: string): NumpyArray }[] {
  const arrays = readNpz(goldenFile("forward_debug.npz"));
  return goldenJson("expected.json").forward_debug.map(({ prefix }: { prefix: string }) => ({
    prefix,
    array: (name: string) => {
      const found = arrays.get(`${prefix}_${name}`);
      if (found === undefined) throw new Error(`no array ${prefix}_${name}`);
      return found;
    },
  }));
}
