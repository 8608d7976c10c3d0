import assert from "node:assert/strict";
import { searchPage } from "../../../results/report/page/search_page.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy, toyExperiment } from "../../support/toy_command.ts";

const set = ["--set", "tuned.seed=1", "--set", "tuned.alignment=[none, singular]"];

Deno.test("search uses the first stored model, or the one that is named, and writes a page", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  const search = (...args: string[]) =>
    runToy(["search", toyExperiment, ...args, ...set, "--results", results]);

  const none = await search("two dogs");
  assert.equal(none.code, 1);
  assert.match(none.err, /^error: no model of the experiment is stored yet\n/);
  assert.match(none.err, /fix: run it first: deno task run .* --only 'recall\[alignment=none/);

  assert.equal((await runToy(["run", toyExperiment, ...set, "--results", results])).code, 0);
  const words = await search("two dogs", "--count", "2");
  assert.equal(
    words.out,
    "tuned[alignment=none], split test\n" +
      "  1     1.000  test0\n  2     0.900  test1\n" +
      `page: ${results}/search.html\n`,
  );
  assert.match(Deno.readTextFileSync(`${results}/search.html`), /<h1>two dogs<\/h1>/);

  const page = `${folder.path}/new folder/page.html`;
  const other = await search("two dogs", "--only", "recall[alignment=singular]", "--page", page);
  assert.match(other.out, /^tuned\[alignment=singular\], split test\n/);
  assert.ok(Deno.statSync(page).isFile);

  const picture = `${folder.path}/a photo.jpg`;
  Deno.writeTextFileSync(picture, "");
  const captions = await search(picture, "--count", "1", "--split", "val", "--json");
  assert.deepEqual(JSON.parse(captions.out), {
    query: picture,
    experiment: "toy",
    model: "tuned[alignment=none]",
    split: "val",
    answers: [{ image: "val0", caption: "c0", text: "<b>caption</b> 0", score: 1 }],
    page: `${results}/search.html`,
  });

  const missing = await search(`${folder.path}/none.png`);
  assert.equal(missing.code, 2);
  assert.match(missing.err, /^error: the picture does not exist\n {2}--> /);
  const place = await search(`${folder.path}/`);
  assert.equal(place.code, 2);
  assert.match(place.err, /^error: this is a folder, not a picture\n {2}--> /);
  const unnamed = await search("two dogs", "--only", "numbers");
  assert.match(unnamed.err, /^error: the stage that is named does not evaluate a model\n/);
});

Deno.test("the page escapes all texts", () => {
  const page = searchPage({
    query: `<script>alert("1")</script>`,
    experiment: "e",
    model: "tuned",
    split: "test",
    answers: [
      { image: `a"b.jpg`, score: 0.5, thumbnail: "data:image/jpeg;base64,AAAA" },
      { image: "c", caption: "c#0", text: "<i>a caption</i> & more", score: -1 },
    ],
  });
  assert.ok(!page.includes("<script>") && !page.includes("<i>a caption"));
  assert.match(page, /&#60;i&#62;a caption&#60;\/i&#62; &#38; more<br>c<br>score <b>-1\.000<\/b>/);
  assert.match(page, /<img src="data:image\/jpeg;base64,AAAA" alt="a&#34;b\.jpg">/);
  assert.doesNotMatch(page, /https?:/);
});
