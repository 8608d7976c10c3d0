import assert from "node:assert/strict";
import { publishedTables, publishedText } from "../../../results/findings/published_results.ts";
import { runToy } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("published results come with their source and the error of their own sampling", () => {
  assert.equal(
    publishedText(publishedTables["flickr30k_1k"]!, [[1000, 5000]]),
    `published, Flickr30k, Karpathy's 1K test split (percent)
                      i→t R@1   R@5  R@10  t→i R@1   R@5  R@10
UNITER-large             87.3  98.0  99.2     75.6  94.1  96.8
IAIS on UNITER-large     88.3  98.4  99.4     76.9  93.3  95.7
one standard error of R@1: 1.1 points i→t, 0.6 t→i
source: Ren et al., ACL 2021, arXiv 2105.13868`,
  );
});

Deno.test("a test of another size is said to be not comparable", () => {
  const text = publishedText(publishedTables["coco_5k"]!, [[5000, 25_010], [12, 60]]);
  assert.match(
    text,
    /\nnot comparable: ours ranked 12 images and 60 captions, theirs 5000 and 25010$/,
  );
});

Deno.test("a comparison that nobody published is told before anything runs", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/toy.yaml`;
  Deno.writeTextFileSync(
    file,
    "name: toy\nseed: 1\nstages: { numbers: { use: toy_numbers } }\nreport: { compare: flickr30k_k }\n",
  );
  const { code, err } = await runToy(["run", file, "--results", `${folder.path}/results`]);
  assert.equal(code, 2);
  assert.equal(
    err,
    'error: there are no published results named "flickr30k_k"\n' +
      `  --> ${file}:4:20\nfix: did you mean \`flickr30k_1k\`?\n`,
  );
});
