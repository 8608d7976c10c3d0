/** Which attention the alignment loss is computed from: layers, heads, and modality. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Modality } from "./alignment.ts";

/** `last`, `all`, one layer or several, counted from 0. */
export type Layers = "last" | "all" | number | readonly number[];

export interface AlignmentScope {
  /** The loss is the mean over them. */
  readonly layers: Layers;
  /** `mean`: the distance of the mean over heads. `each`: the mean of the distances of each head. */
  readonly heads: "mean" | "each";
  /** `text`: the L loss; `image`: the V loss; `both`: their sum. */
  readonly modality: Modality | "both";
}

export const publishedScope: AlignmentScope = { layers: "last", heads: "mean", modality: "both" };

/**
 * The numbers of the selected layers.
 * @throws {Complaint} for a layer that the model does not have
 */
export function layersOf(
  layers: Layers,
  { num_hidden_layers: count }: Pick<Configuration, "num_hidden_layers">,
): readonly number[] {
  if (layers === "last") return [count - 1];
  if (layers === "all") return Array.from({ length: count }, (_, layer) => layer);
  const requested = typeof layers === "number" ? [layers] : layers;
  const absent = requested.find((layer) => layer >= count);
  if (absent === undefined) return requested;
  throw new Complaint(
    `\`layers\` has layer ${absent}, but the model has only ${count} layers`,
    `layers are counted from 0: use numbers up to ${count - 1}, or \`last\` or \`all\``,
    { exitCode: 1 },
  );
}

/** The modalities whose losses are added. */
export function modalitiesOf({ modality }: AlignmentScope): readonly Modality[] {
  return modality === "both" ? ["image", "text"] : [modality];
}
