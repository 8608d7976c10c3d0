/**
 * The member of the alignment family that an experiment names: by the parameters of a training, or as
 * one of the members that relations are measured with.
 */
import { type Alignment, alignments, congruence, member } from "./alignment.ts";
import type { MeasuredAlignment } from "./measured_names.ts";
import type { Projection } from "./projection.ts";

/** A training's parameters, as in the experiment file. */
export interface AlignmentParameters {
  /** `singular`, `distributed`: IAIS. `congruence`: CACR. `sparse`: given by the next three. */
  readonly alignment: "none" | "singular" | "distributed" | "sparse" | "congruence";
  /** Used by `sparse` alone. */
  readonly projection: "topk" | "sparsemax" | "entmax15";
  /** Used by `topk` alone: how many positions each position is mapped to. */
  readonly k: number;
  /** Used by `sparse` alone. */
  readonly relation: "transport" | "roundtrip";
  /** Within the logarithms of m-KL; by default as published, see `member`. */
  readonly eps?: number | undefined;
}

/** Undefined for `none`. Parameters that the alignment does not use are ignored. */
export function alignmentFrom(parameters: AlignmentParameters): Alignment | undefined {
  const { alignment, relation, eps } = parameters;
  const withEps = (base: Alignment) => eps === undefined ? base : { ...base, eps };
  switch (alignment) {
    case "none":
      return undefined;
    case "singular":
    case "distributed":
      return withEps(alignments[alignment]);
    case "congruence":
      return withEps(congruence);
    case "sparse":
      return withEps(member(projectionFrom(parameters), relation));
    default:
      return alignment satisfies never;
  }
}

function projectionFrom({ projection, k }: AlignmentParameters): Projection {
  return projection === "topk" ? { topk: k } : projection;
}

/** @param options.k for topk: how many positions each position is mapped to */
export function measuredAlignment(
  name: MeasuredAlignment,
  { k }: { readonly k: number },
): Alignment {
  switch (name) {
    case "singular":
    case "distributed":
      return alignments[name];
    case "congruence":
      return congruence;
    case "topk_transport":
      return member({ topk: k }, "transport");
    case "topk_roundtrip":
      return member({ topk: k }, "roundtrip");
    case "sparsemax_transport":
      return member("sparsemax", "transport");
    case "sparsemax_roundtrip":
      return member("sparsemax", "roundtrip");
    case "entmax15_transport":
      return member("entmax15", "transport");
    case "entmax15_roundtrip":
      return member("entmax15", "roundtrip");
    default:
      return name satisfies never;
  }
}
