import assert from "node:assert/strict";
import { safeParse } from "valibot";
import { fineTune } from "../../../stages/fine_tune.ts";
import { alignments, congruence, member } from "../../../stages/objective/alignment.ts";
import {
  alignmentFrom,
  type AlignmentParameters,
} from "../../../stages/objective/alignment_parameters.ts";

/** How an experiment's parameters are read. */
function read(given: object): AlignmentParameters {
  const result = safeParse(fineTune.parameters, { seed: 1, ...given });
  assert.ok(result.success, JSON.stringify(result.issues?.map(({ message }) => message)));
  return result.output;
}

function refusal(given: object): string | undefined {
  return safeParse(fineTune.parameters, { seed: 1, ...given }).issues?.[0].message;
}

Deno.test("alignmentFrom() gives the member that the experiment names", () => {
  const cases = [
    [{}, undefined],
    [{ alignment: "none", projection: "topk", k: 3 }, undefined],
    [{ alignment: "singular" }, alignments.singular],
    [{ alignment: "singular", projection: "topk", relation: "roundtrip" }, alignments.singular],
    [{ alignment: "distributed" }, alignments.distributed],
    [{ alignment: "distributed", eps: 1e-4 }, { ...alignments.distributed, eps: 1e-4 }],
    [{ alignment: "congruence" }, congruence],
    [{ alignment: "sparse" }, member("sparsemax", "transport")],
    [{ alignment: "sparse", relation: "roundtrip" }, member("sparsemax", "roundtrip")],
    [{ alignment: "sparse", projection: "entmax15", eps: 0.1 }, {
      ...member("entmax15", "transport"),
      eps: 0.1,
    }],
    [{ alignment: "singular", normalise: "sum" }, member("argmax", "transport", "sum")],
    [{ alignment: "distributed", normalise: "sum" }, alignments.distributed],
    [{ alignment: "sparse", normalise: "sum", eps: 1e-4 }, {
      ...member("sparsemax", "transport", "sum"),
      eps: 1e-4,
    }],
    [{ alignment: "congruence", normalise: "sum" }, {
      ...congruence,
      normalise: "sum",
      eps: 1e-6,
    }],
    [{ alignment: "congruence", stop_gradient: "none" }, { ...congruence, stopGradient: "none" }],
    [{ alignment: "distributed", stop_gradient: "other" }, {
      ...alignments.distributed,
      stopGradient: "other",
    }],
    [{ alignment: "sparse", projection: "topk" }, member({ topk: 2 }, "transport")],
    [{ alignment: "sparse", projection: "topk", k: 5 }, member({ topk: 5 }, "transport")],
  ] as const;
  for (const [given, expected] of cases) {
    assert.deepEqual(alignmentFrom(read(given)), expected, JSON.stringify(given));
  }
});

Deno.test("a parameter is refused if what it belongs to is not given at all", () => {
  assert.equal(
    refusal({ alignment: "sparse", k: 3 }),
    "set `projection: topk` as well, or remove `k`",
  );
  const alone = [{ projection: "topk" }, { relation: "transport" }, { normalise: "sum" }, {
    eps: 0,
  }];
  for (const given of alone) {
    assert.match(refusal(given)!, /^set `alignment: \w+` as well, or remove `\w+`$/);
  }
});

Deno.test("an alignment that would learn nothing is refused", () => {
  const nothing = [
    { alignment: "singular" },
    { alignment: "sparse", projection: "topk", k: 1 },
    { alignment: "sparse", projection: "topk", k: 1, relation: "roundtrip" },
  ];
  for (const given of nothing) {
    assert.equal(
      refusal({ ...given, stop_gradient: "relation" }),
      "use another value: a map to the one best region has no gradient, so with `relation` the " +
        "alignment loss would have none at all",
    );
    for (const stop_gradient of ["none", "cross", "other"]) {
      assert.equal(refusal({ ...given, stop_gradient }), undefined);
    }
  }
  const soft = [{ alignment: "distributed" }, { alignment: "sparse", projection: "topk", k: 2 }];
  for (const given of soft) {
    assert.equal(refusal({ ...given, stop_gradient: "relation" }), undefined);
  }
});

Deno.test("a contrast needs negatives of the own family", () => {
  const contrast = { alignment: "singular", contrast: 0.5 };
  assert.equal(
    refusal(contrast),
    "set `family_negatives: 1` or more as well, or use none: the contrast is with the first " +
      "negative, which has to differ in its relations alone",
  );
  assert.equal(refusal({ ...contrast, family_negatives: 1 }), undefined);
  assert.equal(refusal({ ...contrast, contrast: "none" }), undefined);
  assert.equal(
    refusal({ contrast: 0.5, family_negatives: 1 }),
    "set `alignment: singular` as well, or remove `contrast`",
  );
  for (const margin of [0, -1, "off"]) {
    assert.ok(refusal({ ...contrast, family_negatives: 1, contrast: margin }) !== undefined);
  }
});

Deno.test("layers are last, all, one, or several distinct ones", () => {
  for (const layers of ["last", "all", 0, [0, 3]]) {
    assert.deepEqual(safeParse(fineTune.parameters, { seed: 1, layers }).output, {
      ...read({}),
      layers,
    });
  }
  for (const layers of ["first", -1, 0.5, [], [1, 1], [-1]]) {
    assert.ok(refusal({ layers }) !== undefined, JSON.stringify(layers));
  }
});
