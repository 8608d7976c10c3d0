import assert from "node:assert/strict";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { parseConfiguration } from "../../../stages/model/configuration.ts";
import { smallConfiguration } from "../../support/small_model.ts";

const parse = (value: unknown, imgDim?: number) =>
  parseConfiguration(typeof value === "string" ? value : JSON.stringify(value), {
    file: "model/config.json",
    ...(imgDim === undefined ? {} : { imgDim }),
  });

const textOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof Complaint);
    assert.equal(error.exitCode, 1);
    return error.toString();
  }
  assert.fail("no error");
};

Deno.test("a configuration is read as it was written", () => {
  assert.deepEqual(parse(smallConfiguration), smallConfiguration);
});

Deno.test("without an img_dim in the file, as published, the caller's is used; otherwise the file's", () => {
  const { img_dim: _, ...published } = smallConfiguration;
  assert.equal(parse(published, 2048).img_dim, 2048);
  assert.equal(parse(smallConfiguration, 2048).img_dim, 17);
});

Deno.test("an invalid configuration is an error that names file and key", () => {
  assert.equal(
    textOf(() => parse({ ...smallConfiguration, hidden_size: 0 })),
    "error: the model's configuration is invalid at `hidden_size`: Invalid value: Expected >=1 but received 0\n" +
      "  --> model/config.json\n" +
      "fix: use the config.json that came with the checkpoint",
  );
  assert.match(
    textOf(() => parse({ ...smallConfiguration, num_attention_heads: 3 })),
    /hidden_size is not a multiple of num_attention_heads\n/,
  );
  assert.match(textOf(() => parse({ ...smallConfiguration, hidden_act: "relu" })), /`hidden_act`/);
  assert.match(textOf(() => parse("{")), /is not JSON\n {2}--> model\/config\.json/);
  assert.match(textOf(() => parse("7", 5)), /configuration is invalid/);
  assert.match(
    textOf(() => parse('{"hidden_size":8}', 5)),
    /configuration has no `num_hidden_layers`/,
  );
});
