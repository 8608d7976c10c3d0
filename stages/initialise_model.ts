import * as v from "valibot";
import { defineStage } from "../pipeline/stage.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

export const initialiseModel = defineStage({
  name: "initialise_model",
  summary: "random weights for UNITER's architecture, at a chosen size",
  parameters: v.pipe(
    v.strictObject({
      seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
      hidden: v.optional(count, 128),
      layers: v.optional(count, 4),
      heads: v.optional(count, 4),
      /** Width of the feed-forward layers; 4 * hidden when not given. */
      intermediate: v.optional(count),
      /** Of hidden states and of attention. */
      dropout: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0.1),
      /** Deviation of random weights. BERT's 0.02 suits 768 wide; narrow models learn sooner with more. */
      initializer_range: v.optional(v.pipe(v.number(), v.gtValue(0)), 0.02),
    }),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const { hidden, heads } = dataset.value;
      if (hidden % heads === 0) return;
      const path = { type: "object", origin: "value", input: dataset.value, key: "heads" } as const;
      addIssue({
        message: `a number that divides hidden (${hidden})`,
        input: heads,
        expected: "a divisor",
        path: [{ ...path, value: heads }],
      });
    }),
  ),
  inputs: {
    features: { kinds: ["features"], summary: "decides the vocabulary, the positions, the widths" },
  },
  output: "model",
  compute: false,
  resumable: false,
  async run(context) {
    const { initialisation } = await import("./training/initialisation.ts");
    await initialisation(context);
  },
});
