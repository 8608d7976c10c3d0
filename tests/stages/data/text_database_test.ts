import assert from "node:assert/strict";
import { openTextDatabase } from "../../../stages/data/text_database.ts";
import { goldenFile, goldenForward, goldenJson } from "../../support/goldens.ts";

const databases = ["test", "train"].map((split) => goldenFile(`txt_db/itm_toy_${split}.db`));

Deno.test("every text of the release's databases is read", () => {
  for (const folder of databases) {
    using texts = openTextDatabase(folder);
    assert.ok(texts.ids.length >= 50);
    for (const id of texts.ids) {
      const { tokens, image, text } = texts.read(id);
      assert.equal(tokens.length, texts.length(id));
      assert.ok(texts.textsOfImage.get(image)!.includes(id));
      assert.notEqual(text, "");
    }
  }
});

Deno.test("the tokens between [CLS] and [SEP] of the release's forward pass are those of the text", () => {
  using texts = openTextDatabase(databases[0]!);
  const pairs = goldenJson("expected.json").forward_debug as { txt_id: string }[];
  const { cls, sep } = texts.special;
  for (const [index, { array }] of goldenForward().entries()) {
    const { tokens } = texts.read(pairs[index]!.txt_id);
    assert.deepEqual([...array("input_ids").values], [cls, ...tokens, sep]);
  }
});
