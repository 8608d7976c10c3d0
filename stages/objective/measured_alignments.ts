/** The member of the alignment family behind each name of a measured alignment. */
import { type Alignment, alignments, congruence, member } from "./alignment.ts";
import type { MeasuredAlignment } from "./measured_names.ts";

/** @param options.k of topk: how many places each place is mapped to */
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
