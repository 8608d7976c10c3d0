import assert from "node:assert/strict";
import { publishedText } from "../../../results/findings/published.ts";
import { publishedTables } from "../../../results/findings/published_results.ts";
import { runToy } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("publishedText() shows published results with their standard error and source", () => {
  assert.equal(
    publishedText({
      table: publishedTables["flickr30k_1k"]!,
      sizes: [{ images: 1000, captions: 5000 }],
    }),
    `Published results on Flickr30k, Karpathy's 1K test split (percent)
                      i→t R@1   R@5  R@10  t→i R@1   R@5  R@10
UNITER-large             87.3  98.0  99.2     75.6  94.1  96.8
IAIS on UNITER-large     88.3  98.4  99.4     76.9  93.3  95.7
Standard error of R@1: 1.1 points i→t, 0.6 points t→i.
Source: Ren et al., ACL 2021, arXiv 2105.13868`,
  );
});

Deno.test("publishedText() says that a test set of another size is not comparable", () => {
  const text = publishedText({
    table: publishedTables["coco_5k"]!,
    sizes: [{ images: 5000, captions: 25_010 }, { images: 12, captions: 60 }],
  });
  assert.match(
    text,
    /\nNot comparable: we ranked 12 images and 60 captions, they ranked 5000 and 25010\.$/,
  );
});

Deno.test("an unknown name of published results is an error before anything runs", async () => {
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
