/** The queries of an evaluation that went most wrong, with their pictures: for people to look at. */
import { Complaint } from "../pipeline/contract/complaint.ts";
import type { Direction } from "./metric/recall.ts";
import type { SearchedFeatures } from "./vision/picture_files.ts";

export interface WrongRequest {
  /** Folder of the evaluation's artifact. */
  readonly evaluation: string;
  readonly features: SearchedFeatures;
  readonly count: number;
  /** First answers of each that are told. */
  readonly answers: number;
  readonly direction?: Direction;
}

/** A picture or a caption. */
export interface ShownItem {
  readonly image: string;
  readonly caption?: string;
  readonly text?: string;
  readonly thumbnail?: string;
}

export interface ShownWrongQuery {
  readonly direction: Direction;
  readonly query: ShownItem;
  /** Where the best right answer stands, from 1, of how many candidates. */
  readonly rank: number;
  readonly candidates: number;
  readonly right: ShownItem & { readonly score: number };
  readonly answers: readonly (ShownItem & { readonly score: number; readonly isRight: boolean })[];
}

const thumbnailSide = 200;

export async function wrongQueries(request: WrongRequest): Promise<{
  readonly split: string;
  readonly asked: number;
  readonly wrong: readonly ShownWrongQuery[];
}> {
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
    if (column === undefined) throw misfit(evaluation, id);
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
    asked: (direction === "t2i" ? 0 : new Set(imageOfText).size) +
      (direction === "i2t" ? 0 : matrix.texts),
    wrong: await Promise.all(wrong.map(async ({ direction, query, rank, right, top }) => {
      const [asking, answering] = direction === "i2t"
        ? ["image", "text"] as const
        : ["text", "image"] as const;
      const isRight = (answer: number) =>
        direction === "i2t" ? imageOfText[answer] === query : imageOfText[query] === answer;
      return {
        direction,
        query: await shown(asking, query),
        rank,
        candidates: direction === "i2t" ? matrix.texts : matrix.images,
        right: { ...await shown(answering, right.answer), score: right.score },
        answers: await Promise.all(top.map(async ({ answer, score }) => ({
          ...await shown(answering, answer),
          score,
          isRight: isRight(answer),
        }))),
      };
    })),
  };
}

function misfit(folder: string, id: string): Complaint {
  return new Complaint(
    `the evaluation ranks caption \`${id}\`, which the features do not have`,
    "evaluate again",
    { place: { file: folder }, exitCode: 1 },
  );
}
