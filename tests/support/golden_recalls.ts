/** Recalls against the release's, under its names: txt_rK is image to text, img_rK text to image. */
import assert from "node:assert/strict";
import { rankQueries, type ScoreMatrix } from "../../stages/metric/recall.ts";
import { recallMetrics } from "../../stages/metric/rank_metrics.ts";
import { releaseRecall } from "../../stages/metric/release_recall.ts";

type Recalls = Readonly<Record<string, number>>;

interface Doubt {
  /**
   * Scores this near may come in either order: a query that has such a pair of a right and a wrong
   * answer may be found or not. 0 for recorded scores.
   */
  readonly near?: number;
}

export function assertTextbook(matrix: ScoreMatrix, expected: Recalls, doubt: Doubt = {}): void {
  const ours = recallMetrics(rankQueries(matrix));
  const recalls = Object.fromEntries([1, 5, 10].flatMap((k) => [
    [`txt_r${k}`, ours[`i2t_r${k}`]!],
    [`img_r${k}`, ours[`t2i_r${k}`]!],
  ]));
  assertRecalls(recalls, expected, doubtful(matrix, doubt));
}

export function assertRelease(
  matrix: ScoreMatrix,
  expected: Recalls,
  { rounding, ...doubt }: Doubt & { readonly rounding: "float16" | "float32" },
): void {
  const { metrics, ambiguous } = releaseRecall(matrix, { rounding });
  assert.deepEqual(Object.keys(metrics).toSorted(), Object.keys(expected).toSorted());
  // Equal scores, too, may come in either order: PyTorch promises none.
  const open = doubtful(matrix, doubt);
  const tied = ambiguous / Math.min(matrix.texts, matrix.images);
  assertRecalls(metrics, expected, { i2t: open.i2t + tied, t2i: open.t2i + tied });
}

interface Open {
  readonly i2t: number;
  readonly t2i: number;
}

function assertRecalls(recalls: Recalls, expected: Recalls, fractions: Open): void {
  for (const [name, recall] of Object.entries(recalls)) {
    const { i2t, t2i } = fractions;
    const open = name.startsWith("txt") ? i2t : name.startsWith("img") ? t2i : i2t + t2i;
    const far = Math.abs(recall - expected[name]!);
    assert.ok(far <= 1e-12 + open, `${name} is ${recall}, recorded ${expected[name]}`);
  }
}

/** Fractions of the queries of each direction that the doubt leaves open. */
function doubtful({ scores, texts, images, imageOfText }: ScoreMatrix, { near = 0 }: Doubt): Open {
  const score = (text: number, image: number) => scores[text * images + image]!;
  const isOpen = (right: number[], wrong: number[]) => {
    const best = Math.max(...right);
    return right.length > 0 && wrong.some((value) => Math.abs(value - best) < near);
  };
  const every = (count: number) => Array.from({ length: count }, (_, place) => place);
  const part = (
    queries: number[],
    answers: number[],
    pair: (q: number, a: number) => [number, number],
  ) =>
    queries.filter((query) => {
      const sorted = Map.groupBy(answers, (answer) => {
        const [text, image] = pair(query, answer);
        return imageOfText[text] === image;
      });
      const values = (right: boolean) =>
        (sorted.get(right) ?? []).map((answer) => score(...pair(query, answer)));
      return isOpen(values(true), values(false));
    }).length / queries.length;
  return {
    i2t: part(every(images), every(texts), (image, text) => [text, image]),
    t2i: part(every(texts), every(images), (text, image) => [text, image]),
  };
}
