import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import { distinct, name } from "./parameter_schemas.ts";

/** Splits that results are reported on: a choice by them would make these results look too good. */
const reported = [
  ...["test", "swap"],
  ...["unseen_roles", "swap_unseen_roles", "unseen_pairs", "swap_unseen_pairs"],
];

const notReported = v.pipe(
  name,
  v.check((split) => !reported.includes(split), "another split, such as val"),
);

export const choose = defineStage({
  name: "choose",
  summary:
    "hands on the model that is best on a validation metric, of all values of some parameters",
  parameters: v.strictObject({
    /** Parameters to choose the values of: axes of `from`, or of stages that it reads. */
    along: distinct(name, "axis"),
    /** Metric of `by` that decides, such as t2i_r1 or rsum. */
    metric: name,
    /** Split that it was measured on. */
    split: v.optional(notReported, "val"),
    /** Whether high or low values of the metric are good. */
    take: v.optional(v.picklist(["highest", "lowest"]), "highest"),
  }),
  inputs: {
    from: { kinds: ["model"], summary: "the swept models to choose from" },
    by: {
      kinds: ["recall", "relations"],
      summary: "the evaluation of these models on the validation split",
      refuse: ({ split }: { readonly split?: unknown }) =>
        typeof split === "string" && reported.includes(split)
          ? {
            what: `which measures on \`${split}\``,
            fix: "choose by an evaluation with `split: val`: results on the split that decided " +
              "would look too good",
          }
          : undefined,
    },
  },
  gathers: { ports: ["from", "by"], along: "along" },
  output: "model",
  compute: false,
  sharesProcess: true,
  resumable: false,
  async run(context) {
    const { chooseModel } = await import("./evaluate/chosen_model.ts");
    await chooseModel(context);
  },
});
