/** Example queries with the texts and pictures of queries and answers. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type DataItems, dataItems, type DataPlace, type ItemCaption } from "./data_items.ts";
import { type ExampleQuery, examplesOf } from "./examples.ts";
import { rowsOf } from "../database/read_results.ts";
import { literal, type Question } from "../database/question.ts";
import type { Variants } from "./variants.ts";

export interface DescribedExamples {
  /** The stage whose variants are compared; undefined where stages are compared. */
  readonly stage: string | undefined;
  readonly queries: readonly DescribedQuery[];
  /** Image id -> data URL of its picture. */
  readonly pictures: ReadonlyMap<string, string>;
  readonly question: Question;
}

export interface DescribedQuery extends Omit<ExampleQuery, "answers"> {
  /** The query image, or the image that is the correct answer. */
  readonly image: string | undefined;
  /** Text of a query caption. */
  readonly text: string | undefined;
  /** For an image query: its captions, which are the correct answers; empty where not stored. */
  readonly captions: readonly string[];
  readonly answers: readonly DescribedAnswer[];
}

export interface DescribedAnswer extends Omit<ExampleQuery["answers"][number], "top"> {
  readonly top: readonly FoundItem[];
  /** The best correct caption where it is not in `top`, if it is among the stored answers. */
  readonly best: { readonly rank: number; readonly text: string } | undefined;
}

export interface FoundItem {
  readonly id: string;
  /** Text of a caption. */
  readonly text: string | undefined;
  readonly correct: boolean;
}

const shownAnswers = { t2i: 3, i2t: 2 };
const pictureSide = 112;

export async function describedExamples(
  connection: DuckDBConnection,
  place: DataPlace,
  { request, variants }: { readonly request: string; readonly variants: Variants },
): Promise<DescribedExamples> {
  const { stage, queries, question } = await examplesOf(connection, request, variants);
  const runs = Map.groupBy(queries, ({ run }) => run);
  const described: DescribedQuery[] = [];
  const pictures = new Map<string, string>();
  for (const [run, own] of runs) {
    const items = await dataItems(connection, place, run);
    const correctIds = await captionsOfImages(connection, run, own);
    const ids = own.flatMap(({ direction, query, answers }) =>
      direction === "t2i"
        ? [query]
        : [...answers.flatMap(({ top }) => top), ...correctIds.get(query) ?? []]
    );
    const captions = items.captions(new Set(ids));
    const shown = own.map((query) => describe(query, { captions, correctIds }));
    described.push(...shown);
    await addPictures(pictures, shown, items);
  }
  const order = new Map(queries.map((query, place) => [query.direction + query.query, place]));
  return {
    stage,
    queries: described.sort((a, b) =>
      order.get(a.direction + a.query)! - order.get(b.direction + b.query)!
    ),
    pictures,
    question,
  };
}

/** Query image -> ids of its captions. */
async function captionsOfImages(
  connection: DuckDBConnection,
  run: string,
  queries: readonly ExampleQuery[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const images = queries.filter(({ direction }) => direction === "i2t").map(({ query }) => query);
  if (images.length === 0) return new Map();
  const rows = await rowsOf<{ image: string; query: string }>(
    connection,
    `SELECT DISTINCT image, query FROM query_rank WHERE run = ${literal(run)} AND direction = 't2i'
AND image IN (${images.map(literal).join(", ")}) ORDER BY ALL`,
  );
  const groups = Map.groupBy(rows, ({ image }) => image);
  return new Map([...groups].map(([image, own]) => [image, own.map(({ query }) => query)]));
}

function describe(
  query: ExampleQuery,
  { captions, correctIds }: {
    captions: ReadonlyMap<string, ItemCaption>;
    correctIds: ReadonlyMap<string, readonly string[]>;
  },
): DescribedQuery {
  const { direction } = query;
  const own = captions.get(query.query);
  const image = direction === "i2t" ? query.query : own?.image;
  const isCorrect = (id: string) =>
    direction === "t2i" ? id === image : captions.get(id)?.image === image;
  const textOf = (id: string) => captions.get(id)?.text;
  return {
    ...query,
    image,
    text: own?.text,
    captions: direction === "t2i" ? [] : (correctIds.get(query.query) ?? [])
      .map((id) => textOf(id) ?? id),
    answers: query.answers.map((answer) => {
      const place = answer.top.findIndex(isCorrect);
      return {
        ...answer,
        top: answer.top.slice(0, shownAnswers[direction]).map((id): FoundItem => ({
          id,
          text: textOf(id),
          correct: isCorrect(id),
        })),
        best: direction === "t2i" || place < shownAnswers.i2t
          ? undefined
          : { rank: place + 1, text: textOf(answer.top[place]!)! },
      };
    }),
  };
}

async function addPictures(
  pictures: Map<string, string>,
  queries: readonly DescribedQuery[],
  items: DataItems,
): Promise<void> {
  const images = queries.flatMap(({ direction, image, answers }) => [
    ...(image === undefined ? [] : [image]),
    ...(direction === "t2i" ? answers.flatMap(({ top }) => top.map(({ id }) => id)) : []),
  ]);
  for (const image of new Set(images)) {
    const picture = await items.picture(image, pictureSide);
    if (picture !== undefined) pictures.set(image, picture);
  }
}
