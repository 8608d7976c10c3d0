/** Examples with the texts and pictures of what was asked and found. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type DataItems, dataItems, type DataPlace, type ItemCaption } from "./data_items.ts";
import { type ExampleQuery, examplesOf } from "./examples.ts";
import type { Question } from "./question.ts";
import type { Variants } from "./variants.ts";

export interface DescribedExamples {
  /** Whose variants are compared; undefined where stages are. */
  readonly stage: string | undefined;
  readonly queries: readonly DescribedQuery[];
  /** Image id -> data URL of its picture. */
  readonly pictures: ReadonlyMap<string, string>;
  readonly question: Question;
}

export interface DescribedQuery extends Omit<ExampleQuery, "answers"> {
  /** Image that asks, or that is the right answer. */
  readonly image: string | undefined;
  /** Of a caption that asks. */
  readonly text: string | undefined;
  readonly answers: readonly DescribedAnswer[];
}

export interface DescribedAnswer extends Omit<ExampleQuery["answers"][number], "top"> {
  readonly top: readonly FoundItem[];
}

export interface FoundItem {
  readonly id: string;
  /** Of a caption; its own image tells whether it is right. */
  readonly text: string | undefined;
  readonly isRight: boolean;
}

const shownAnswers = { t2i: 3, i2t: 2 };
const pictureSide = 112;

export async function describedExamples(
  connection: DuckDBConnection,
  place: DataPlace,
  { asking, variants }: { readonly asking: string; readonly variants: Variants },
): Promise<DescribedExamples> {
  const { stage, queries, question } = await examplesOf(connection, asking, variants);
  const runs = Map.groupBy(queries, ({ run }) => run);
  const described: DescribedQuery[] = [];
  const pictures = new Map<string, string>();
  for (const [run, own] of runs) {
    const items = await dataItems(connection, place, run);
    const ids = own.flatMap(({ direction, query, answers }) =>
      direction === "t2i" ? [query] : answers.flatMap(({ top }) => top.slice(0, shownAnswers.i2t))
    );
    const captions = items.captions(new Set(ids));
    const told = own.map((query) => describe(query, captions));
    described.push(...told);
    await addPictures(pictures, told, items);
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

function describe(
  query: ExampleQuery,
  captions: ReadonlyMap<string, ItemCaption>,
): DescribedQuery {
  const asks = captions.get(query.query);
  const image = query.direction === "i2t" ? query.query : asks?.image;
  return {
    ...query,
    image,
    text: asks?.text,
    answers: query.answers.map((answer) => ({
      ...answer,
      top: answer.top.slice(0, shownAnswers[query.direction]).map((id): FoundItem => ({
        id,
        text: captions.get(id)?.text,
        isRight: query.direction === "t2i" ? id === image : captions.get(id)?.image === image,
      })),
    })),
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
