/** The queries of an evaluation whose correct answers rank worst, with their pictures, for inspection. */
import { Complaint } from "../pipeline/contract/complaint.ts";
import type { ShownItem, WrongStages } from "../pipeline/contract/stages.ts";

const thumbnailSide = 200;

export const wrongQueries: WrongStages = async (request) => {
  const { evaluation, features, count, answers: keep, direction } = request;
  const { wrongQueries } = await import("./metric/wrong_queries.ts");
  const { readScores } = await import("./data/score_files.ts");
  const { openFeatures } = await import("./data/feature_set.ts");
  const { picturePaths, thumbnail } = await import("./vision/picture_files.ts");
  const stored = await readScores(evaluation);
  using set = await openFeatures(features);
  const captionOf = new Map(set.captions.map((caption) => [caption.id, caption]));
  const columnOf = new Map(stored.images.map((id, column) => [id, column]));
  const imageOfText = stored.texts.map((id) => {
    const caption = captionOf.get(id);
    const column = caption && columnOf.get(set.images[caption.image]!.id);
    if (column === undefined) throw inconsistent(evaluation, id);
    return column;
  });
  const matrix = {
    scores: stored.scores,
    texts: stored.texts.length,
    images: stored.images.length,
    imageOfText,
  };
  const paths = await picturePaths(features);
  const small = new Map<string, Promise<string | undefined>>();
  const shown = async (kind: "image" | "text", place: number): Promise<ShownItem> => {
    const image = kind === "image" ? stored.images[place]! : stored.images[imageOfText[place]!]!;
    const path = paths(image);
    if (path !== undefined && !small.has(image)) small.set(image, thumbnail(path, thumbnailSide));
    const url = await small.get(image);
    const caption = kind === "text" ? captionOf.get(stored.texts[place]!)! : undefined;
    return {
      image,
      ...(caption !== undefined && { caption: caption.id, text: caption.text }),
      ...(url !== undefined && { thumbnail: url }),
    };
  };
  const wrong = wrongQueries(matrix, { count, keep, ...(direction && { direction }) });
  return {
    split: stored.split,
    queries: (direction === "t2i" ? 0 : new Set(imageOfText).size) +
      (direction === "i2t" ? 0 : matrix.texts),
    wrong: await Promise.all(wrong.map(async ({ direction, query, rank, right, top }) => {
      const [queries, answers] = direction === "i2t"
        ? ["image", "text"] as const
        : ["text", "image"] as const;
      const isRight = (answer: number) =>
        direction === "i2t" ? imageOfText[answer] === query : imageOfText[query] === answer;
      return {
        direction,
        query: await shown(queries, query),
        rank,
        candidates: direction === "i2t" ? matrix.texts : matrix.images,
        right: { ...await shown(answers, right.answer), score: right.score },
        answers: await Promise.all(top.map(async ({ answer, score }) => ({
          ...await shown(answers, answer),
          score,
          isRight: isRight(answer),
        }))),
      };
    })),
  };
};

function inconsistent(folder: string, id: string): Complaint {
  return new Complaint(
    `the evaluation ranks caption \`${id}\`, which is missing from the features`,
    "run the evaluation again",
    { place: { file: folder }, exitCode: 1 },
  );
}
