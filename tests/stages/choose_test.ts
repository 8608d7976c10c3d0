import assert from "node:assert/strict";
import { readExperiment } from "../../pipeline/experiment/experiment.ts";
import { buildGraph } from "../../pipeline/experiment/stage_graph.ts";
import { catalogue } from "../../stages/catalogue.ts";
import { errorText } from "../support/toy_graph.ts";

/** A weight is chosen by an evaluation on a split, on that of a metric. */
const graphOf = (evaluated: string, decides: string) =>
  buildGraph(
    readExperiment(
      `name: x
seed: 1
stages:
  scenes: { use: make_scenes }
  features: { use: extract_features, from: scenes }
  initial: { use: initialise_model, features: features }
  tuned: { use: fine_tune, features: features, weights: initial, matrix: { margin: [0.1, 0.2] } }
  by: { use: evaluate, model: tuned, features: features, split: ${evaluated} }
  best: { use: choose, from: tuned, by: by, metric: pair_group, split: ${decides}, along: [margin] }
`,
      "e.yaml",
      () => undefined,
    ),
    catalogue,
  ).nodes;

Deno.test("no test split decides: neither test nor unseen combinations, nor their swapped pairs", () => {
  for (const split of ["test", "unseen_roles", "unseen_pairs"]) {
    assert.match(
      errorText(() => graphOf(split, "val")),
      new RegExp(`names \`by\`, which measures on \`${split}\`\n`),
    );
  }
  for (const split of ["test", "swap", "unseen_pairs", "swap_unseen_pairs", "swap_unseen_roles"]) {
    assert.match(
      errorText(() => graphOf("val", split)),
      new RegExp(
        `\`split\` of stage \`best\` is "${split}"[^]*fix: use another split, such as val$`,
      ),
    );
  }
});

Deno.test("validation pictures and their swapped pairs may decide", () => {
  for (const split of ["val", "swap_val"]) {
    assert.equal(graphOf("val", split).filter(({ stage }) => stage === "best").length, 1);
  }
});
