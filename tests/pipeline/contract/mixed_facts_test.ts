import assert from "node:assert/strict";
import { earlierFacts, mixedText, mixturesOf } from "../../../pipeline/contract/mixed_facts.ts";

const here = {
  deno: "2.9.6",
  processor: "Abacus 1",
  system: "linux x86_64 6.1",
  memory: "1.0 GiB",
  device: "cpu",
};

Deno.test("results of one kind of machine are not mixed, whatever its kernel, memory and host are", () => {
  assert.equal(mixedText([]), undefined);
  assert.equal(
    mixedText([here, { ...here, system: "linux x86_64 7.0", memory: "2.0 GiB" }]),
    undefined,
  );
});

Deno.test("what is not known of a result is not compared", () => {
  const { processor: _, ...rest } = here;
  assert.equal(mixedText([here, rest, {}]), undefined);
});

Deno.test("each fact that differs is named with its values", () => {
  const differing = { processor: "Abacus 2", system: "linux aarch64 6.1", deno: "2.9.7" };
  for (const [name, value] of Object.entries(differing)) {
    const [mixture, ...others] = mixturesOf([here, { ...here, [name]: value }]);
    assert.equal(others.length, 0, name);
    assert.equal(mixture!.values.size, 2, name);
  }
  assert.equal(
    mixedText([here, { ...here, deno: "2.9.7" }, here]),
    "Results were computed on 2 versions of Deno, whose mathematical functions may differ; this " +
      "alone may cause differences: 2.9.6; 2.9.7.",
  );
});

Deno.test("another GPU matters to what was computed on one, and to nothing else", () => {
  const [one, other] = [{ ...here, gpu: "A" }, { ...here, gpu: "B" }];
  assert.equal(mixedText([one, other]), undefined);
  assert.match(
    mixedText([{ ...one, device: "gpu" }, { ...other, device: "gpu" }])!,
    /2 types of GPU or of its driver, .*: A; B\.$/,
  );
});

Deno.test("a result whose first part another machine computed is of both", () => {
  const facts = earlierFacts([{ ...here, processor: "Abacus 2" }, here], here);
  assert.deepEqual(facts, { "earlier processor": "Abacus 2" });
  assert.deepEqual(earlierFacts([here], here), {});
  assert.match(
    mixedText([{ ...here, ...facts }])!,
    /2 types of processor, .*: Abacus 1; Abacus 2\.$/,
  );
  const third = earlierFacts([{ ...here, ...facts }], { ...here, processor: "Abacus 3" });
  assert.deepEqual(third, { "earlier processor": "Abacus 1; Abacus 2" });
});
