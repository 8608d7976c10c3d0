/**
 * Right answers that were collected beside a data set's own pairs. Two forms are read:
 *
 * - ECCV Caption's (github.com/naver-ai/eccv-caption, eccv_caption/data): two files side by side,
 *   `X_image_to_caption.json` and `X_caption_to_image.json`, each a map from the id of a query to the list
 *   of its right answers, `{"373119": [560256, 646721]}`. CxC's and Plausible Match's files there have
 *   the same form. One of the two is named, the other is looked for beside it.
 * - One file with both maps: `{"image_to_caption": {...}, "caption_to_image": {...}}`, one may be missing.
 *
 * Captions are named by their ids, images by their ids or by the number at the end of these: image
 * 391895 of COCO is `coco_val2014_000000391895.npz` to UNITER.
 */
import * as v from "valibot";
import type { Positives } from "../metric/extra_positives.ts";
import { decoding, wrongIn } from "./formats/foreign_file.ts";
import { imageFinder } from "./databases/image_names.ts";

const maps = ["image_to_caption", "caption_to_image"] as const;

/** The rows and columns of what is ranked. */
export interface RankedIds {
  readonly texts: readonly string[];
  readonly images: readonly string[];
}

export interface FoundPositives {
  readonly positives: readonly Positives[];
  /** Queries and right answers that the split lacks. */
  readonly leftOut: number;
}

const answers = v.record(
  v.string(),
  v.pipe(
    v.array(v.union([v.string(), v.pipe(v.number(), v.integer())], "an id: a text or an integer")),
    v.minLength(1, "one right answer at least"),
  ),
);

/** @throws {Complaint} for files that are no such maps, and where no query of the split is named */
export function readPositives(
  files: Readonly<Record<string, string>>,
  { texts, images }: RankedIds,
): FoundPositives {
  const rowOfText = new Map(texts.map((id, row) => [id, row]));
  const columnOfImage = new Map(images.map((id, column) => [id, column]));
  const find = imageFinder(images);
  const text = (id: string) => rowOfText.get(id);
  const image = (id: string) => columnOfImage.get(find(id) ?? "");
  const both = files["positives"] === undefined ? undefined : readJson(
    files["positives"],
    v.strictObject({
      image_to_caption: v.optional(answers),
      caption_to_image: v.optional(answers),
    }),
  );
  const [ofImages, ofTexts] = maps.map((map) =>
    both === undefined ? readJson(files[map]!, answers) : both[map] ?? {}
  );
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
      fix: "name images and captions as the features do; `index.json` of an evaluation lists both",
    })(
      `no query of the split is named: its first image is ${images[0]}, its first caption ${
        texts[0]
      }`,
    );
  }
  return { positives, leftOut };
}

function readJson<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): v.InferOutput<Schema> {
  const wrong = wrongIn(file, {
    fix: "use ECCV Caption's X_image_to_caption.json, or one map of both directions as in " +
      "docs/evaluation.md",
  });
  const parsed = v.safeParse(
    schema,
    decoding(wrong, "no JSON", () => JSON.parse(Deno.readTextFileSync(file))),
  );
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw wrong(`\`${v.getDotPath(issue) ?? "the map"}\`: ${issue.message}`);
}
