/** Parameters that have no effect: they decide no key, and points that differ only in them are one. */
import assert from "node:assert/strict";
import { readExperiment } from "../../../pipeline/experiment/experiment.ts";
import { selectNodes } from "../../../pipeline/experiment/selection.ts";
import { buildGraph } from "../../../pipeline/experiment/stage_graph.ts";
import { keyNodes } from "../../../pipeline/key/key.ts";
import { catalogue } from "../../../stages/catalogue.ts";
import { toyStages } from "../../support/toy_main.ts";

const graphOf = (stages: string) =>
  buildGraph(
    readExperiment(`name: x\nseed: 42\nstages:\n${stages}`, "toy.yaml", () => undefined),
    toyStages.catalogue,
  );
const toy = (settings: string, more = "") =>
  graphOf(
    `  numbers: { use: toy_numbers }\n` +
      `  tuned: { use: toy_align, numbers: numbers, ${settings} }\n${more}`,
  );
const labels = ({ nodes }: ReturnType<typeof toy>, stage = "tuned") =>
  nodes.filter((node) => node.stage === stage).map(({ label }) => label);
const keysOf = (nodes: ReturnType<typeof toy>["nodes"]) =>
  new Map(
    keyNodes(nodes, { code: new Map(nodes.map(({ definition: d }) => [d.name, "c"])), compute: {} })
      .map(({ label, key, preimage }) => [label, { key, preimage }]),
  );

Deno.test("points that differ only in a parameter without effect are one, and that is said", () => {
  const swept = toy("alignment: sparse, projection: sparsemax, matrix: { k: [1, 2, 4] }");
  assert.deepEqual(labels(swept), ["tuned"]);
  assert.deepEqual(swept.notes, ["tuned: k does not apply to sparsemax: 3 points are one"]);
  const [, node] = swept.nodes;
  assert.deepEqual([node!.point, node!.standsFor], [{}, { k: [1, 2, 4] }]);
});

Deno.test("only the points where a parameter has no effect are one", () => {
  const swept = toy("matrix: { alignment: [none, singular], weight: [1, 4], seed: [1, 2] }");
  assert.deepEqual(labels(swept), [
    "tuned[alignment=none,seed=1]",
    "tuned[alignment=none,seed=2]",
    "tuned[alignment=singular,weight=1,seed=1]",
    "tuned[alignment=singular,weight=1,seed=2]",
    "tuned[alignment=singular,weight=4,seed=1]",
    "tuned[alignment=singular,weight=4,seed=2]",
  ]);
  assert.deepEqual(swept.notes, ["tuned: weight does not apply to none: 4 points are 2"]);
});

Deno.test("what reads such points has as many, also through an input that is read twice", () => {
  const swept = toy(
    "matrix: { alignment: [none, singular], weight: [1, 4] }",
    "  recall: { use: toy_evaluate, model: tuned, numbers: numbers }\n",
  );
  assert.deepEqual(labels(swept, "recall"), [
    "recall[alignment=none]",
    "recall[alignment=singular,weight=1]",
    "recall[alignment=singular,weight=4]",
  ]);
  assert.deepEqual(swept.nodes.at(-3)!.standsFor, { weight: [1, 4] });
});

Deno.test("a parameter without effect changes no key, and its stage gets the default", () => {
  const plain = keysOf(toy("alignment: none").nodes).get("tuned")!;
  const given = toy("alignment: none, projection: topk, k: 5, weight: 4");
  assert.equal(keysOf(given.nodes).get("tuned")!.key, plain.key);
  assert.deepEqual(plain.preimage.parameters, { seed: 42, alignment: "none" });
  const { projection, k, weight } = given.nodes[1]!.parameters;
  assert.deepEqual({ projection, k, weight }, { projection: "sparsemax", k: 2, weight: 8 });
  assert.deepEqual(given.notes, ["tuned: projection, k and weight do not apply to none"]);
});

Deno.test("the first reason is told, and nothing where a parameter has an effect at some point", () => {
  assert.deepEqual(toy("projection: topk, k: 2, matrix: { alignment: [none, sparse] }").notes, []);
  assert.deepEqual(toy("k: 2, matrix: { alignment: [none, singular] }").notes, [
    "tuned: k does not apply to none or singular",
  ]);
});

Deno.test("an entry of include keeps points apart that it gives other parameters", () => {
  const swept = toy(
    "alignment: sparse, matrix: { k: [1, 2, 4], include: [{ k: 4, weight: 1 }] }",
  );
  assert.deepEqual(labels(swept), ["tuned[k=1]", "tuned[k=2]", "tuned[k=4]"]);
  const keys = keysOf(swept.nodes);
  assert.equal(keys.get("tuned[k=1]")!.key, keys.get("tuned[k=2]")!.key);
  assert.notEqual(keys.get("tuned[k=1]")!.key, keys.get("tuned[k=4]")!.key);
});

Deno.test("a point can be selected by each value that it stands for, and by no other", () => {
  const { nodes } = toy("matrix: { alignment: [none, singular], weight: [1, 4] }");
  assert.deepEqual([...selectNodes(nodes, "--only", ["tuned[weight=4]"])], [
    "tuned[alignment=none]",
    "tuned[alignment=singular,weight=4]",
  ]);
  assert.throws(
    () => selectNodes(nodes, "--only", ["tuned[weight=3]"]),
    /no point of stage `tuned` has the value 3 for `weight`\n[^]*did you mean `1`/,
  );
});

Deno.test("a choice along an axis without effect has one candidate", () => {
  const swept = toy(
    "matrix: { alignment: [none, singular], weight: [1, 4] }",
    "  on_val: { use: toy_evaluate, model: tuned, numbers: numbers, split: val }\n" +
      "  best: { use: toy_choose, from: tuned, by: on_val, metric: t2i_r1, along: [weight] }\n",
  );
  const best = swept.nodes.filter(({ stage }) => stage === "best");
  assert.deepEqual(
    best.map(({ label, inputs, parameters }) => [label, inputs, parameters["candidates"]]),
    [
      [
        "best[alignment=none]",
        { from: "tuned[alignment=none]", by: "on_val[alignment=none]" },
        [{}],
      ],
      [
        "best[alignment=singular]",
        {
          "from[weight=1]": "tuned[alignment=singular,weight=1]",
          "by[weight=1]": "on_val[alignment=singular,weight=1]",
          "from[weight=4]": "tuned[alignment=singular,weight=4]",
          "by[weight=4]": "on_val[alignment=singular,weight=4]",
        },
        [{ weight: 1 }, { weight: 4 }],
      ],
    ],
  );
});

/** The nodes and notes of an experiment over the product's stages. */
const product = (tuned: string) =>
  buildGraph(
    readExperiment(
      `name: x
seed: 42
stages:
  scenes: { use: make_scenes }
  features: { use: extract_features, from: scenes }
  initial: { use: initialise_model, features: features }
  tuned: { use: fine_tune, features: features, weights: initial, ${tuned} }
`,
      "e.yaml",
      () => undefined,
    ),
    catalogue,
  );

Deno.test("without alignment nothing about it is in the key: setting it for the others trains none again", () => {
  const key = (tuned: string) => keysOf(product(tuned).nodes).get("tuned[alignment=none]")!.key;
  const plain = key("matrix: { alignment: [none, singular, sparse] }");
  for (
    const more of [
      "projection: topk, k: 2",
      "alignment_weight: 4",
      "stop_gradient: cross, layers: all, heads: each, modality: text, schedule: linear, eps: 0.1",
    ]
  ) assert.equal(key(`${more}, matrix: { alignment: [none, singular, sparse] }`), plain);
  assert.notEqual(key("margin: 0.3, matrix: { alignment: [none, singular, sparse] }"), plain);
});

Deno.test("sparsemax has no k, round trips are not normalised, softmax ranking has no margin", () => {
  const { nodes, notes } = product(
    "alignment: sparse, ranking: softmax, normalise: sum, margin: 0.1, projection: sparsemax, " +
      "matrix: { k: [1, 2, 4], relation: [transport, roundtrip] }",
  );
  const tuned = nodes.filter(({ stage }) => stage === "tuned");
  assert.deepEqual(tuned.map(({ label }) => label), [
    "tuned[relation=transport]",
    "tuned[relation=roundtrip]",
  ]);
  assert.deepEqual(notes, [
    "tuned: k does not apply to sparsemax: 6 points are 2",
    "tuned: margin does not apply to softmax",
  ]);
  assert.deepEqual(tuned.map(({ unused }) => unused.includes("normalise")), [false, true]);
});

Deno.test("the parameters that a rule names exist", () => {
  for (const { name, parameters, applies = [] } of catalogue) {
    const known = Object.keys((parameters as unknown as { entries: object }).entries);
    for (const { parameters: names, by } of applies) {
      for (const one of [...names, by]) assert.ok(known.includes(one), `${one} of ${name}`);
    }
  }
});

Deno.test("the data experiment trains none once for each seed and amount of data", () => {
  const file = new URL("../../../experiments/scenes_data.yaml", import.meta.url);
  const { nodes, notes } = buildGraph(
    readExperiment(Deno.readTextFileSync(file), "scenes_data.yaml", () => undefined),
    catalogue,
  );
  const none = nodes.filter(({ stage, point }) =>
    stage === "tuned" && point["alignment"] === "none"
  );
  assert.equal(none.length, 3 * 5);
  assert.deepEqual(notes, ["tuned: alignment_weight does not apply to none: 30 points are 15"]);
  assert.equal(nodes.filter(({ stage }) => stage === "best").length, 3 * 5 * 5);
});
