/**
 * Numbers computed by the published release (tests/golden/release/README.txt).
 * `IAIS_GOLDENS` names another folder of the same shape.
 */
import { resolve } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { type Configuration, parseConfiguration } from "../../stages/model/configuration.ts";
import type { Weights } from "../../stages/model/weights.ts";
import { type NumpyArray, readNpz } from "./npz.ts";

export function goldenFile(name: string): string {
  const release = resolve(import.meta.dirname!, "../golden/release");
  return resolve(Deno.env.get("IAIS_GOLDENS") ?? release, name);
}

// deno-lint-ignore no-explicit-any -- recorded JSON, read by path
export function goldenJson(name: string): any {
  return JSON.parse(Deno.readTextFileSync(goldenFile(name)));
}

export function goldenConfiguration(): Configuration {
  return parseConfiguration(Deno.readTextFileSync(goldenFile("config.json")), {
    file: goldenFile("config.json"),
    imgDim: goldenJson("expected.json").meta.img_dim,
  });
}

interface Entry {
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/** The start checkpoint, with the rank head that the release makes of row 1 of itm_output. */
export function goldenWeights(): Weights {
  const bytes = Deno.readFileSync(goldenFile("model.safetensors"));
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const weights: Record<string, tf.Tensor> = {};
  delete header["__metadata__"];
  for (const [name, entry] of Object.entries<Entry>(header)) {
    const { shape, data_offsets: [from, to] } = entry;
    const values = new Float32Array(bytes.slice(8 + length + from, 8 + length + to).buffer);
    weights[name] = tf.tensor(values, shape, "float32");
  }
  weights["rank_output.weight"] ??= tf.slice(weights["itm_output.weight"]!, [1, 0], [1, -1]);
  weights["rank_output.bias"] ??= tf.slice(weights["itm_output.bias"]!, [1], [1]);
  return weights;
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
