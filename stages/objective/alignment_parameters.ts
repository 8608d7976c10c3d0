/**
 * The member of the alignment family that an experiment names: by the parameters of a training, or as
 * one of the members that relations are measured with.
 */
import {
  type Alignment,
  alignments,
  congruence,
  member,
  type Normalisation,
  type StopGradient,
} from "./alignment.ts";
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
  /** Used by members that transport: how rows of the carried relation are made to sum to 1. */
  readonly normalise: Normalisation;
  /** By default as published: `cross` for congruence, `none` for the others. */
  readonly stop_gradient?: StopGradient | undefined;
  /** Within the logarithms of m-KL; by default as published, see `member`. */
  readonly eps?: number | undefined;
}

/** Undefined for `none`. Parameters that the alignment does not use are ignored. */
export function alignmentFrom(parameters: AlignmentParameters): Alignment | undefined {
  const { alignment, relation, normalise, eps, stop_gradient: stopGradient } = parameters;
  const changed = (base: Alignment): Alignment => ({
    ...normalised(base, normalise),
    ...eps !== undefined && { eps },
    ...stopGradient !== undefined && { stopGradient },
  });
  switch (alignment) {
    case "none":
      return undefined;
    case "singular":
    case "distributed":
      return changed(alignments[alignment]);
    case "congruence":
      return changed(congruence);
    case "sparse":
      return changed(member(projectionFrom(parameters), relation));
    default:
      return alignment satisfies never;
  }
}

/** The same member with another normalisation, and the eps that belongs to it. */
function normalised(base: Alignment, by: Normalisation): Alignment {
  const { normalise, eps } = member(base.projection, base.relation, by);
  return { ...base, normalise, eps };
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
    case "singular_sum":
      return normalised(alignments.singular, "sum");
    case "congruence":
      return congruence;
    case "congruence_sum":
      return normalised(congruence, "sum");
    case "topk_transport":
      return member({ topk: k }, "transport");
    case "topk_transport_sum":
      return member({ topk: k }, "transport", "sum");
    case "topk_roundtrip":
      return member({ topk: k }, "roundtrip");
    case "sparsemax_transport":
      return member("sparsemax", "transport");
    case "sparsemax_transport_sum":
      return member("sparsemax", "transport", "sum");
    case "sparsemax_roundtrip":
      return member("sparsemax", "roundtrip");
    case "entmax15_transport":
      return member("entmax15", "transport");
    case "entmax15_transport_sum":
      return member("entmax15", "transport", "sum");
    case "entmax15_roundtrip":
      return member("entmax15", "roundtrip");
    default:
      return name satisfies never;
  }
}
