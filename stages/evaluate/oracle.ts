/**
 * Rankers that know rendered scenes exactly, as marks beside the results of models: one knows which
 * objects a picture shows and a caption mentions, but no relation; one knows the relations, too. Their
 * metrics are expectations over the order of answers that they cannot tell apart, in closed form.
 */
import type { StageContext } from "../../pipeline/contract/stage.ts";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import {
  type CaptionLine,
  type PairLine,
  readSceneList,
  type SceneLine,
} from "../data/scene_list.ts";
import { hasObjects, isTrue, type JudgedScene, judgedScene } from "../data/statements.ts";
import {
  expectedPairAccuracy,
  expectedRecall,
  type PossibleAnswers,
} from "../metric/expected_recall.ts";
import { metricsByKind } from "../metric/pair_accuracy.ts";
import { mean } from "../metric/rank_metrics.ts";
import { requireSplit } from "../batch/split_index.ts";
import { pairSplitOf } from "./swapped_pairs.ts";

export interface OracleParameters {
  readonly split: string;
  readonly knows: "objects" | "relations";
  readonly recall_at: readonly number[];
}

interface Picture {
  readonly id: string;
  readonly scene: JudgedScene;
}

export async function oracle(context: StageContext<OracleParameters>): Promise<void> {
  const { parameters: { split, knows, recall_at: recallAt }, inputs, record } = context;
  const { folder } = inputs["scenes"]!;
  const list = await readSceneList(folder);
  requireSplit({ images: list.scenes, captions: list.captions }, split, "scenes");
  const known = knows === "objects" ? hasObjects : isTrue;
  const pictures = picturesOf(list.scenes.filter((scene) => scene.split === split), folder);
  const captions = list.captions.filter((caption) => caption.split === split);
  const judged = captions.map((caption) => {
    const possible = pictures.filter(({ scene }) => known(statesOf(caption, folder), scene));
    return {
      image: caption.image,
      possible: new Set(possible.map(({ id }) => id)),
      right: new Set([caption.image, ...caption.also_true_of ?? []]),
    };
  });
  const metrics = {
    ...expectedRecall(queries(pictures, judged, "own"), { recallAt }),
    ...expectedRecall(queries(pictures, judged, "any"), { recallAt, prefix: "positives_" }),
  };
  for (const [name, value] of Object.entries(metrics)) record.metric(name, value, { split });
  const pairSplit = pairSplitOf(split);
  const inSplit = new Map(
    list.captions.filter((caption) => caption.split === pairSplit)
      .map((caption) => [caption.id, caption]),
  );
  const scenes = new Map(
    picturesOf(list.scenes.filter((scene) => scene.split === pairSplit), folder)
      .map(({ id, scene }) => [id, scene]),
  );
  const pairs = list.pairs.filter(({ caption_0 }) => inSplit.has(caption_0)).map((pair) => ({
    kind: pair.kind,
    ...pairAccuracyOf(
      pair,
      (caption, image) => known(statesOf(inSplit.get(caption)!, folder), scenes.get(image)!),
    ),
  }));
  for (const [name, value] of Object.entries(metricsByKind(pairs, meanAccuracy))) {
    record.metric(name, value, { split: pairSplit });
  }
}

interface JudgedCaption {
  readonly image: string;
  /** Ids of images that the ranker cannot exclude. */
  readonly possible: ReadonlySet<string>;
  /** Ids of images that it is true of. */
  readonly right: ReadonlySet<string>;
}

/** @param correct `own`: answers that belong to the query; `any`: all that are true of it */
function queries(
  pictures: readonly Picture[],
  captions: readonly JudgedCaption[],
  correct: "own" | "any",
): PossibleAnswers[] {
  const isCorrect = ({ image, right }: JudgedCaption, id: string) =>
    correct === "own" ? image === id : right.has(id);
  const described = new Set(captions.map(({ image }) => image));
  return [
    ...captions.map((caption): PossibleAnswers => ({
      direction: "t2i",
      possible: caption.possible.size,
      correct: [...caption.possible].filter((id) => isCorrect(caption, id)).length,
    })),
    ...pictures.filter(({ id }) => described.has(id)).map(({ id }): PossibleAnswers => {
      const possible = captions.filter((caption) => caption.possible.has(id));
      const right = possible.filter((caption) => isCorrect(caption, id));
      return { direction: "i2t", possible: possible.length, correct: right.length };
    }),
  ];
}

function pairAccuracyOf(
  { image_0, image_1, caption_0, caption_1 }: PairLine,
  holds: (caption: string, image: string) => boolean,
) {
  const score = (caption: string, image: string) => holds(caption, image) ? 1 : 0;
  return expectedPairAccuracy({
    s00: score(caption_0, image_0),
    s01: score(caption_0, image_1),
    s10: score(caption_1, image_0),
    s11: score(caption_1, image_1),
  });
}

/** By the names of `evaluate`; empty without pairs. */
function meanAccuracy(
  pairs: readonly ReturnType<typeof expectedPairAccuracy>[],
): Record<string, number> {
  if (pairs.length === 0) return {};
  const tests = ["text", "image", "group"] as const;
  return Object.fromEntries(
    tests.map((test) => [`pair_${test}`, mean(pairs.map((pair) => pair[test]))]),
  );
}

function picturesOf(scenes: readonly SceneLine[], folder: string): Picture[] {
  return scenes.map(({ id, objects, relations }) => {
    if (relations === undefined) throw unknownScenes(folder);
    return { id, scene: judgedScene(objects, relations) };
  });
}

function statesOf({ states }: CaptionLine, folder: string) {
  if (states === undefined) throw unknownScenes(folder);
  return states;
}

function unknownScenes(folder: string): Complaint {
  return new Complaint(
    "the scenes do not say what their pictures show and what their captions state",
    "use an oracle with `make_scenes`",
    { place: { file: folder }, exitCode: 1 },
  );
}
