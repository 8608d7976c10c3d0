/** The member of the alignment family that the parameters of an experiment ask for. */
import { type Alignment, alignments, congruence, member } from "./alignment.ts";
import type { Projection } from "./projection.ts";

/** As the experiment file has them. */
export interface AlignmentParameters {
  /** `singular`, `distributed`: IAIS. `congruence`: CACR. `sparse`: what the next three say. */
  readonly alignment: "none" | "singular" | "distributed" | "sparse" | "congruence";
  /** Of `sparse` alone. */
  readonly projection: "topk" | "sparsemax" | "entmax15";
  /** Of `topk` alone: how many places each place is mapped to. */
  readonly k: number;
  /** Of `sparse` alone. */
  readonly relation: "transport" | "roundtrip";
  /** Within the logarithms of m-KL; without it as published, see `member`. */
  readonly eps?: number | undefined;
}

/** Undefined for `none`. What does not belong to the alignment that is asked for says nothing. */
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
