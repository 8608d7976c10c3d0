/** A model as an artifact: `model.safetensors` with UNITER's names, and `config.json`. */
import { readSafetensors, writeSafetensors } from "../../data/formats/safetensors.ts";
import { type Configuration, parseConfiguration } from "../configuration.ts";
import type { HostWeights } from "../weights.ts";

export interface Model {
  readonly config: Configuration;
  readonly weights: HostWeights;
}

export async function readModel(folder: string): Promise<Model> {
  const path = `${folder}/config.json`;
  const config = parseConfiguration(await Deno.readTextFile(path), { file: path });
  const weights = Array.from(
    await readSafetensors(`${folder}/model.safetensors`),
    ([name, { shape, data }]) => [name, { shape, values: data as Float32Array }] as const,
  );
  return { config, weights: Object.fromEntries(weights) };
}

export async function writeModel(folder: string, { config, weights }: Model): Promise<void> {
  const tensors = Object.entries(weights).map(([name, { shape, values }]) =>
    [name, { shape: [...shape], dtype: "F32" as const, data: values }] as const
  );
  await writeSafetensors(`${folder}/model.safetensors`, new Map(tensors));
  await Deno.writeTextFile(`${folder}/config.json`, `${JSON.stringify(config, null, 2)}\n`);
}
