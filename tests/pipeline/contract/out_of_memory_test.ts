import assert from "node:assert/strict";
import { lowerText } from "../../../pipeline/contract/out_of_memory.ts";
import { catalogue } from "../../../stages/catalogue.ts";

Deno.test("what to lower is named with its value", () => {
  const use = { parameters: ["anchors", "negatives"], note: "more steps help" };
  const rest = "or use a smaller model or a device with more memory";
  assert.equal(
    lowerText(use, { anchors: 8, negatives: 15 }),
    `lower \`anchors\` (8) or \`negatives\` (15), ${rest}; more steps help`,
  );
  assert.equal(
    lowerText({ parameters: ["block"] }, {}),
    `lower \`block\` (chosen by the device), ${rest}`,
  );
  assert.equal(lowerText(undefined, {}), "use a smaller model, or a device with more memory");
});

Deno.test("stages that compute in batches name parameters of their own", () => {
  const named = catalogue.filter(({ memoryUse }) => memoryUse !== undefined);
  assert.deepEqual(named.map(({ name }) => name), [
    ...["photo_features", "pretrain", "fine_tune", "evaluate", "analyse_attention"],
  ]);
  for (const { name, memoryUse } of named) {
    const text = Deno.readTextFileSync(new URL(`../../../stages/${name}.ts`, import.meta.url));
    for (const parameter of memoryUse!.parameters) {
      assert.match(text, new RegExp(`^ +${parameter}: v\\.`, "m"), `${name}: ${parameter}`);
    }
  }
});
