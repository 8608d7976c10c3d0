import * as v from "valibot";
import { type CheckContext, defineStage } from "../../../pipeline/contract/stage.ts";

/** A training in one step whose parameters apply to some alignments only. */
export const toyAlign = defineStage({
  name: "toy_align",
  summary: "a model from numbers, by an alignment with parameters of its own",
  parameters: v.strictObject({
    seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
    alignment: v.optional(v.picklist(["none", "singular", "sparse"]), "none"),
    projection: v.optional(v.picklist(["topk", "sparsemax"]), "sparsemax"),
    k: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 2),
    weight: v.optional(v.number(), 8),
    /** The text of this file does not matter, its content does. */
    file: v.optional(v.string()),
  }),
  applies: [
    { parameters: ["weight"], by: "alignment", when: ({ alignment }) => alignment !== "none" },
    {
      parameters: ["projection", "k"],
      by: "alignment",
      when: ({ alignment }) => alignment === "sparse",
    },
    { parameters: ["k"], by: "projection", when: ({ projection }) => projection === "topk" },
  ],
  paths: ["file"],
  outside: ({ file }) =>
    file === undefined ? [] : [{ role: "file", path: file, file: true, what: "a text" }],
  inputs: { numbers: { kinds: ["numbers"], summary: "numbers to train on" } },
  output: "model",
  compute: true,
  resumable: false,
  async run({ parameters, folder, record }) {
    const { seed, alignment, projection, k, weight } = parameters;
    const words = [alignment, projection, k, weight].join(" ");
    const state = [...`${words} ${seed}`].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
    record.row("training_step", { step: 1, phase: "fine_tune", loss: state / 1e4 });
    await Deno.writeTextFile(`${folder}/model.json`, JSON.stringify({ state, words }));
  },
});

/** Refuses to align with more numbers than there are. */
export function checkToyAlign({ parameters: { k }, inputs }: CheckContext<{ k: number }>) {
  const count = inputs["numbers"]?.["count"] ?? Infinity;
  return {
    problems: k <= count ? [] : [{
      parameter: "k",
      what: `\`k: ${k}\` is more than the ${count} numbers`,
      fix: `use at most ${count}`,
    }],
  };
}
