import assert from "node:assert/strict";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { photoList } from "../../../stages/extraction/photo_list.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "dog", "."];

async function listOf(captions: string) {
  using folder = temporaryFolder();
  const files = {
    images: `${folder.path}/Images`,
    captions: `${folder.path}/captions.txt`,
    vocabulary: `${folder.path}/vocab.txt`,
  };
  Deno.mkdirSync(files.images);
  Deno.writeTextFileSync(files.captions, captions);
  Deno.writeTextFileSync(files.vocabulary, pieces.join("\n"));
  return await photoList({
    parameters: {
      test: 0,
      validation: 0,
      side: 32,
      regions: "grid",
      grid: 1,
      max_regions: 1,
      cased: false,
      max_text_length: 3,
      on_bad_image: "fail",
      xla: false,
    },
    files,
  });
}

Deno.test("captions have their word pieces; training captions that are too long are counted", async () => {
  const list = await listOf("image,caption\nb.jpg,a dog\na.jpg,☃\nb.jpg,a dog . .\n");
  assert.deepEqual(list.photos, [{ id: "a.jpg", split: "train" }, { id: "b.jpg", split: "train" }]);
  assert.deepEqual(list.captions.map(({ id, tokens }) => [id, tokens]), [
    ["b.jpg#0", [5, 6]],
    ["a.jpg#0", [1]],
  ]);
  assert.equal(list.tooLong, 1);
});

Deno.test("a caption without a word is refused with its line, whatever invisible letters it has", async () => {
  for (const words of ["", "  ", '" \r\n "', "\u200b", "\u00ad", "\ufeff\u2060", "\ufffd"]) {
    const lines = words.includes("\r\n") ? 4 : 3;
    await assert.rejects(
      listOf(`image,caption\na.jpg,a dog\nb.jpg,${words}\nc.jpg,a dog\n`),
      (error) => {
        assert.ok(error instanceof Complaint, String(error));
        assert.equal(error.what, "a caption of `b.jpg` has no word");
        assert.equal(error.options.place!.line, lines);
        return true;
      },
      JSON.stringify(words),
    );
  }
});
