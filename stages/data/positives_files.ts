/**
 * Reads additional positives: correct answers that were collected in addition to a data set's own pairs. Two
 * forms are supported:
 *
 * - ECCV Caption's (github.com/naver-ai/eccv-caption, eccv_caption/data): two files in one folder,
 *   `X_image_to_caption.json` and `X_caption_to_image.json`, each a map from the id of a query to the list
 *   of its correct answers, `{"373119": [560256, 646721]}`. CxC's and Plausible Match's files there have
 *   the same form. An experiment names one of the two; the other is found next to it.
 * - One file with both maps: `{"image_to_caption": {...}, "caption_to_image": {...}}`; one may be missing.
 *
 * Captions are identified by their ids, images by their ids or by these without the prefix that all of them
 * share: image 391895 of COCO is `coco_val2014_000000391895.npz` in UNITER's data.
 */
import * as v from "valibot";
import type { Positives } from "../metric/extra_positives.ts";
import { readJson, wrongIn } from "./formats/foreign_file.ts";
import { matchImages } from "./databases/image_names.ts";

const maps = ["image_to_caption", "caption_to_image"] as const;

/** Ids of the rows and columns of a score matrix. */
export interface RankedIds {
  readonly texts: readonly string[];
  readonly images: readonly string[];
}

export interface FoundPositives {
  readonly positives: readonly Positives[];
  /** Number of queries and correct answers that are not in the split. */
  readonly leftOut: number;
}

const answers = v.record(
  v.string(),
  v.pipe(
    v.array(v.union([v.string(), v.pipe(v.number(), v.integer())], "an id: a text or an integer")),
    v.minLength(1, "at least one correct answer"),
  ),
);

/** @throws {Complaint} for files in another form, and when they contain no query of the split */
export function readPositives(
  files: Readonly<Record<string, string>>,
  { texts, images }: RankedIds,
): FoundPositives {
  const rowOfText = new Map(texts.map((id, row) => [id, row]));
  const columnOfImage = new Map(images.map((id, column) => [id, column]));
  const both = files["positives"] === undefined ? undefined : readMaps(
    files["positives"],
    v.strictObject({
      image_to_caption: v.optional(answers),
      caption_to_image: v.optional(answers),
    }),
  );
  const [ofImages, ofTexts] = maps.map((map) =>
    both === undefined ? readMaps(files[map]!, answers) : both[map] ?? {}
  );
  const mentioned = [...Object.keys(ofImages!), ...Object.values(ofTexts!).flat().map(String)];
  const idOf = matchImages(
    mentioned,
    images,
    wrongIn(files["positives"] ?? files[maps[0]]!, {
      fix: "name each image in one way, by its id in the features",
    }),
  );
  const text = (id: string) => rowOfText.get(id);
  const image = (id: string) => columnOfImage.get(idOf.get(id) ?? "");
  const sides = [
    { direction: "i2t", named: ofImages!, query: image, answer: text },
    { direction: "t2i", named: ofTexts!, query: text, answer: image },
  ] as const;
  let leftOut = 0;
  const positives = sides.flatMap(({ direction, named, query: queryOf, answer }): Positives[] => {
    const rightOf = new Map<number, Set<number>>();
    for (const [id, list] of Object.entries(named)) {
      const query = queryOf(id);
      const right = [...new Set(list)].map((each) => answer(String(each)));
      const found = right.filter((place) => place !== undefined);
      if (query === undefined || found.length === 0) leftOut++;
      else {
        leftOut += right.length - found.length;
        rightOf.set(query, new Set([...rightOf.get(query) ?? [], ...found]));
      }
    }
    return [...rightOf].map(([query, right]) => ({ direction, query, right: [...right] }));
  });
  if (positives.length === 0) {
    const file = files["positives"] ?? files[maps[0]]!;
    throw wrongIn(file, {
      fix:
        "use the ids of images and captions that the features use; `index.json` of an evaluation lists both",
    })(
      `no query of the split is listed; its first image is ${images[0]}, its first caption ${
        texts[0]
      }`,
    );
  }
  return { positives, leftOut };
}

function readMaps<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): v.InferOutput<Schema> {
  const wrong = wrongIn(file, {
    fix: "use ECCV Caption's X_image_to_caption.json, or one file with both maps as described in " +
      "docs/evaluation.md",
  });
  const parsed = v.safeParse(schema, readJson(file, wrong));
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw wrong(`\`${v.getDotPath(issue) ?? "the map"}\`: ${issue.message}`);
}
