/** Of which attention the alignment loss is taken: layers, heads, and whose loss. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Modality } from "./alignment.ts";

/** `last`, `all`, one layer or several; counted from 0. */
export type Layers = "last" | "all" | number | readonly number[];

export interface AlignmentScope {
  /** The loss is the mean over them. */
  readonly layers: Layers;
  /** `mean`: one distance, of the mean over heads. `each`: the mean over the heads' distances. */
  readonly heads: "mean" | "each";
  /** `text`: L losses alone; `image`: V losses alone; `both`: their sum. */
  readonly modality: Modality | "both";
}

export const publishedScope: AlignmentScope = { layers: "last", heads: "mean", modality: "both" };

/**
 * Numbers of the layers that are meant.
 * @throws Complaint about a layer that the model does not have.
 */
export function layersOf(
  layers: Layers,
  { num_hidden_layers: count }: Pick<Configuration, "num_hidden_layers">,
): readonly number[] {
  if (layers === "last") return [count - 1];
  if (layers === "all") return Array.from({ length: count }, (_, layer) => layer);
  const asked = typeof layers === "number" ? [layers] : layers;
  const absent = asked.find((layer) => layer >= count);
  if (absent === undefined) return asked;
  throw new Complaint(
    `\`layers\` asks for layer ${absent}, and the model has ${count} of them`,
    `layers count from 0: give numbers up to ${count - 1}, or \`last\` or \`all\``,
    { exitCode: 1 },
  );
}

/** Whose losses are added up. */
export function modalitiesOf({ modality }: AlignmentScope): readonly Modality[] {
  return modality === "both" ? ["image", "text"] : [modality];
}
