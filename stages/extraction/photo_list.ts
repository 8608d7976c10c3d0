/** Lists the photos that have captions, with their splits and tokenised captions. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { StageContext } from "../../pipeline/contract/stage.ts";
import { readText } from "../../pipeline/contract/text_file.ts";
import type { FeatureCaption } from "../data/feature_set.ts";
import { hasWord } from "../data/caption_words.ts";
import { type CaptionTokenizer, tokenizerFromVocabulary } from "../data/tokenizer.ts";
import { readPhotoCaptions } from "./photo_captions.ts";
import type { PhotoParameters } from "./photo_parameters.ts";
import { splitsOf } from "./photo_splits.ts";

export interface PhotoList {
  /** Sorted by name; each has a caption. */
  readonly photos: readonly { readonly id: string; readonly split: string }[];
  /** In file order. */
  readonly captions: readonly (Omit<FeatureCaption, "image"> & { readonly image: string })[];
  readonly tokenizer: CaptionTokenizer;
  /** Number of captions of training photos that are too long. */
  readonly tooLong: number;
  /** Number of photos in the folder without a caption. */
  readonly without: number;
}

export async function photoList(
  { parameters, files }: Pick<StageContext<PhotoParameters>, "parameters" | "files">,
): Promise<PhotoList> {
  const lines = readPhotoCaptions(readText(files["captions"]!), {
    file: files["captions"]!,
  });
  const names = [...new Set(lines.map(({ image }) => image))].sort();
  const part = (role: "test" | "validation") =>
    typeof parameters[role] === "number"
      ? parameters[role]
      : { file: files[role]!, text: readText(files[role]!) };
  const splits = splitsOf(names, { test: part("test"), validation: part("validation") });
  const tokenizer = captionTokenizer(parameters, files);
  const counts = new Map<string, number>();
  let tooLong = 0;
  const captions = lines.flatMap(({ image, text, line }) => {
    const number = counts.get(image) ?? 0;
    counts.set(image, number + 1);
    const split = splits.get(image)!;
    const tokens = tokenizer.encode(text);
    if (!hasWord({ tokens })) {
      throw new Complaint(
        `a caption of \`${image}\` has no word`,
        "write a caption, or remove the line",
        { place: { file: files["captions"]!, line }, exitCode: 1 },
      );
    }
    if (split === "train" && tokens.length > parameters.max_text_length) {
      tooLong++;
      return [];
    }
    return [{ id: `${image}#${number}`, image, split, text, tokens }];
  });
  const left = new Set(captions.map(({ image }) => image));
  const named = new Set(names);
  let without = 0;
  for await (const { name, isFile } of Deno.readDir(files["images"]!)) {
    if (isFile && !name.startsWith(".") && !named.has(name)) without++;
  }
  return {
    photos: names.filter((id) => left.has(id)).map((id) => ({ id, split: splits.get(id)! })),
    captions,
    tokenizer,
    tooLong,
    without,
  };
}

function captionTokenizer(
  { cased }: PhotoParameters,
  files: Readonly<Record<string, string>>,
): CaptionTokenizer {
  const file = files["vocabulary"] ?? `${files["words"]}/vocab.txt`;
  return tokenizerFromVocabulary(readText(file), { cased, file });
}
