/** The command line over toy stages: quick, and without TensorFlow. */
import { main } from "../../pipeline/main.ts";
import type { SearchStages, SetupStages, WrongStages } from "../../pipeline/contract/stages.ts";
import { checkToyAlign, toyAlign } from "./toy_stages/toy_align.ts";
import { toyChoose } from "./toy_stages/toy_choose.ts";
import { toyEvaluate } from "./toy_stages/toy_evaluate.ts";
import { toyFetcher } from "./toy_stages/toy_fetcher.ts";
import { toyIntruder } from "./toy_stages/toy_intruder.ts";
import { toyNumbers } from "./toy_stages/toy_numbers.ts";
import { examineToyRead, toyRead } from "./toy_stages/toy_read.ts";
import { examineToyTrain, toyTrain } from "./toy_stages/toy_train.ts";
import { toyWords } from "./toy_stages/toy_words.ts";

export const toyStages = {
  catalogue: [
    ...[
      toyNumbers,
      toyTrain,
      toyEvaluate,
      toyRead,
      toyIntruder,
      toyFetcher,
      toyWords,
      toyChoose,
      toyAlign,
    ],
  ],
  checks: {
    toy_numbers: ({ parameters: { count } }: { parameters: { count: number } }) => ({
      problems: [],
      facts: { count },
    }),
    toy_align: checkToyAlign,
  },
  examinations: { toy_train: examineToyTrain, toy_read: examineToyRead },
  folder: new URL("./toy_stages/", import.meta.url),
  computeFiles: () => [],
  computeFingerprint: ({ threads }: { threads: number }) =>
    Promise.resolve({ library: "toy", threads: String(threads) }),
  computeAccess: () => ({ reads: [], writes: [], environment: {} }),
  visibleGpus: () => [],
  gpuTexts: () => [],
  gpuMemory: () => Number(Deno.env.get("TOY_GPU_MEMORY")) || undefined,
  setup: ({ gpu, task }: Parameters<SetupStages>[0]) => {
    task("toy").say(`a toy needs nothing${gpu ? ", and no GPU" : ""}`);
    return Promise.resolve();
  },
  search: ({ query, count, split }: Parameters<SearchStages>[0]) =>
    Promise.resolve({
      answers: Array.from({ length: count }, (_, place) => ({
        image: `${split}${place}`,
        ...("picture" in query && { caption: `c${place}`, text: `<b>caption</b> ${place}` }),
        score: 1 - place / 10,
      })),
    }),
  wrongQueries: ({ count, direction = "t2i" }: Parameters<WrongStages>[0]) =>
    Promise.resolve({
      split: "test",
      queries: 20,
      wrong: Array.from({ length: Math.min(count, 2) }, (_, place) => ({
        direction,
        query: { image: `i${place}`, ...(direction === "t2i" && { text: `<b>dog</b> ${place}` }) },
        rank: 9 - place,
        candidates: 10,
        right: { image: `i${place}`, score: 0.25 },
        answers: [
          { image: "x", score: 0.5, isRight: false, thumbnail: "data:image/jpeg;base64,AA" },
        ],
      })),
    }),
  exportFeatures: () => Promise.resolve({ images: 0, captions: 0, splits: [] }),
  prepareCompute: () => Promise.resolve(),
  examineCompute: () => Promise.resolve([{ verdict: "ok" as const, what: "a toy computes" }]),
};

if (import.meta.main) {
  const entry = new URL(import.meta.url);
  Deno.exit(await main(Deno.args, { stages: toyStages, entry }));
}
