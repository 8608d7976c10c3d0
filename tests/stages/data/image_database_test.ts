import assert from "node:assert/strict";
import { openImageDatabase } from "../../../stages/data/image_database.ts";
import { goldenFile, goldenForward, goldenJson } from "../../support/goldens.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const published = { conf_th: 0.2, max_bb: 100, min_bb: 10, num_bb: 36 };
const toy = goldenFile("img_db/toy");
const chosen = "th0.2_max100_min10";

Deno.test("the release's forward pass was fed the features and boxes that are read", () => {
  using images = openImageDatabase(toy, published);
  const pairs = goldenJson("expected.json").forward_debug as { img_id: string }[];
  for (const [index, { array }] of goldenForward().entries()) {
    const { count, featureDim, features, boxes } = images.read(pairs[index]!.img_id);
    assert.deepEqual(array("img_feat").shape.slice(-2), [count, featureDim]);
    assert.deepEqual(features, array("img_feat").values);
    assert.deepEqual(boxes, array("img_pos_feat").values);
  }
});

Deno.test("both variants of the release's image database hold the same regions", () => {
  using folder = temporaryFolder();
  for (const name of [`nbb_${chosen}.json`, `feat_${chosen}_compressed`]) {
    Deno.symlinkSync(`${toy}/${name}`, `${folder.path}/${name}`);
  }
  using plain = openImageDatabase(toy, published);
  using packed = openImageDatabase(folder.path, published);
  assert.deepEqual([plain.format, packed.format], ["lmdb", "lmdb_compressed"]);
  assert.deepEqual(plain.names(), packed.names());
  const counts = goldenJson(`img_db/toy/nbb_${chosen}.json`);
  assert.deepEqual([...plain.names()].sort(), Object.keys(counts).sort());
  for (const name of plain.names()) {
    assert.deepEqual(plain.read(name), packed.read(name));
    assert.equal(plain.read(name).count, counts[name]);
  }
});
