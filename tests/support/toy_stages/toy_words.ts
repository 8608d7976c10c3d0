import * as v from "valibot";
import { defineStage } from "../../../pipeline/contract/stage.ts";

/** Takes words over from a published package. */
export const toyWords = defineStage({
  name: "toy_words",
  summary: "words of a package",
  parameters: v.strictObject({ sha256: v.string(), content: v.string() }),
  packages: ({ sha256, content }) => ({
    words: {
      distribution: "toy-words",
      version: "1.0",
      sha256,
      bytes: 400,
      files: ["toy_words/data/words.txt"],
      content,
    },
  }),
  inputs: {},
  output: "words",
  compute: false,
  resumable: false,
  async run({ files, folder }) {
    await Deno.copyFile(`${files["words"]}/words.txt`, `${folder}/words.txt`);
  },
});
