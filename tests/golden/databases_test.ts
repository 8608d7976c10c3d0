/** Texts and images as the release reads them from its databases. */
import assert from "node:assert/strict";
import { openImageDatabase } from "../../stages/data/databases/open_image_database.ts";
import { openTextDatabase } from "../../stages/data/databases/text_database.ts";
import { goldenChoice, goldenDatabase, goldenSplit } from "../support/golden_data.ts";
import { goldenForward, goldenJson } from "../support/goldens.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const expected = goldenJson("expected.json");

Deno.test("texts come in the release's order, images by their number of regions", () => {
  const folder = goldenDatabase("test", "img");
  using texts = openTextDatabase(goldenDatabase("test", "txt"));
  using images = openImageDatabase(folder, goldenChoice(folder));
  assert.deepEqual(texts.ids, expected.eval.txt_ids);
  assert.deepEqual(
    texts.ids.map((id) => texts.length(id) + 2),
    expected.eval.txt_lens_with_cls_sep,
  );
  const counted = [...texts.textsOfImage.keys()].map((id) => ({ id, n: images.read(id).count }));
  const sorted = counted.toSorted((a, b) => a.n - b.n);
  assert.deepEqual(sorted.map(({ id }) => id), expected.eval.img_ids);
  assert.deepEqual(sorted.map(({ n }) => n), expected.eval.img_nbb);
});

Deno.test("tokens, features and boxes of a pair equal the release's to the last bit", async () => {
  using split = await goldenSplit("test");
  const { set, index, text, image } = split;
  const { cls, sep } = set.vocabulary;
  for (const [place, { array }] of goldenForward().entries()) {
    const { txt_id, img_id } = expected.forward_debug[place];
    const { tokens } = set.captions[index.captions[text(txt_id)]!]!;
    const { features, boxes } = set.regions.read(index.images[image(img_id)]!);
    assert.deepEqual([cls, ...tokens, sep], Array.from(array("input_ids").values));
    assert.deepEqual(features, array("img_feat").values);
    assert.deepEqual(boxes, array("img_pos_feat").values);
  }
});

for (const split of ["test", "train"] as const) {
  Deno.test(`the compressed database of split ${split} has the same images`, () => {
    const folder = goldenDatabase(split, "img");
    const choice = goldenChoice(folder);
    using alone = temporaryFolder();
    for (const { name } of Deno.readDirSync(folder)) {
      if (/_compressed$|\.json$/.test(name)) {
        Deno.symlinkSync(`${folder}/${name}`, `${alone.path}/${name}`);
      }
    }
    using plain = openImageDatabase(folder, choice);
    using compressed = openImageDatabase(alone.path, choice);
    assert.deepEqual([plain.format, compressed.format], ["lmdb", "lmdb_compressed"]);
    assert.deepEqual(compressed.names().toSorted(), plain.names().toSorted());
    for (const name of plain.names()) assert.deepEqual(compressed.read(name), plain.read(name));
  });
}
