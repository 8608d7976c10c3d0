/** Reads captions of published data: UNITER's text databases, or Karpathy's JSON of raw captions. */
import * as v from "valibot";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { readText } from "../../../pipeline/contract/text_file.ts";
import { hasWord } from "../caption_words.ts";
import type { Vocabulary } from "../feature_set.ts";
import { readJson, wrongIn } from "../formats/foreign_file.ts";
import { matchImages } from "../databases/image_names.ts";
import type { PublishedSource } from "./data_sets.ts";
import { openTextDatabase } from "../databases/text_database.ts";
import { tokenizerFromVocabulary } from "../tokenizer.ts";

export interface CaptionSource {
  readonly lines: readonly CaptionLine[];
  /** All images of the lists of captions, including those whose captions were all too long. */
  readonly images: readonly {
    readonly id: string;
    readonly split: string;
    readonly role: string;
  }[];
  readonly vocabulary: Vocabulary;
  /** Content of tokenizer.json, if captions were tokenised here. */
  readonly tokenizer?: string;
  /** Number of captions that were omitted because they are too long. */
  readonly tooLong: number;
}

export interface CaptionLine {
  readonly id: string;
  readonly image: string;
  readonly split: string;
  readonly text: string;
  readonly tokens: readonly number[];
}

type Files = Readonly<Record<string, string>>;

/** For training, only captions of at most `max_text_length` word pieces are kept; for evaluation, all. */
const keeps = (split: string, length: number, most: number) => split !== "train" || length <= most;

/** Captions of UNITER's text databases. */
export function storedCaptions(
  sources: readonly PublishedSource[],
  files: Files,
  { max_text_length: most }: { readonly max_text_length: number },
): CaptionSource {
  const lines: CaptionLine[] = [];
  const images: { id: string; split: string; role: string }[] = [];
  let vocabulary: Vocabulary | undefined;
  let tooLong = 0;
  for (const { split, texts, images: role } of sources) {
    using database = openTextDatabase(files[texts!]!);
    const { special, vocabularySize } = database;
    const own: Vocabulary = { size: vocabularySize, pad: 0, ...special };
    vocabulary ??= own;
    if (JSON.stringify(own) !== JSON.stringify(vocabulary)) {
      throw wrongIn(`${database.folder}/meta.json`, {
        fix: "use text databases that were tokenised with the same vocabulary",
      })("its vocabulary differs from that of the other splits");
    }
    for (const id of database.textsOfImage.keys()) images.push({ id, split, role });
    for (const id of database.ids) {
      if (!keeps(split, database.length(id), most)) {
        tooLong++;
        continue;
      }
      const { image, text, tokens } = database.read(id);
      lines.push({ id, image, split, text, tokens });
    }
  }
  return { lines: withoutDuplicates(lines), images, vocabulary: vocabulary!, tooLong };
}

function withoutDuplicates(lines: CaptionLine[]): CaptionLine[] {
  const seen = new Set<string>();
  for (const { id, split } of lines) {
    if (seen.has(id)) {
      throw new Complaint(
        `caption \`${id}\` of split ${split} is in two databases`,
        "use splits that do not share captions",
        { exitCode: 1 },
      );
    }
    seen.add(id);
  }
  return lines;
}

const oneName = "name the features of a picture after it, and list each picture once";

const karpathySchema = v.object({
  images: v.array(v.object({
    filename: v.pipe(v.string(), v.nonEmpty()),
    split: v.string(),
    sentences: v.array(v.object({ raw: v.string() })),
  })),
});

/**
 * Captions of Karpathy's dataset_<name>.json, tokenised here.
 *
 * @param options.names returns the names of a database's images. Karpathy's list has file names of pictures
 * (`1000092795.jpg`), from which names of features are derived (`flickr30k_000001000092795.npz`).
 */
export function rawCaptions(
  sources: readonly PublishedSource[],
  files: Files,
  { captions, vocabulary, cased, max_text_length: most, names }: {
    readonly captions?: string | undefined;
    readonly vocabulary?: string | undefined;
    readonly cased: boolean;
    readonly max_text_length: number;
    readonly names: (role: string) => readonly string[];
  },
): CaptionSource {
  const file = files[captions!]!;
  const wrong = wrongIn(file, { fix: "use Karpathy's dataset_<name>.json" });
  const parsed = v.safeParse(karpathySchema, readJson(file, wrong));
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw wrong(`\`${v.getDotPath(issue) ?? "images"}\`: ${issue.message}`);
  }
  const words = files[vocabulary!]!;
  const tokenizer = tokenizerFromVocabulary(readText(words), { cased, file: words });
  const lines: CaptionLine[] = [];
  const images: { id: string; split: string; role: string }[] = [];
  let tooLong = 0;
  const listed = parsed.output.images.flatMap(({ filename, split: said, sentences }) => {
    const split = said === "restval" ? "train" : said;
    const roles = sources.filter((source) => source.split === split).map(({ images }) => images);
    return roles.length === 0 ? [] : [{ filename, split, roles, sentences }];
  });
  const [twice] = Map.groupBy(listed, ({ filename }) => filename).values()
    .find(({ length }) => length > 1) ?? [];
  if (twice !== undefined) {
    throw wrongIn(file, { fix: oneName })(`the picture ${twice.filename} is listed twice`);
  }
  const found = new Map([...new Set(sources.map(({ images }) => images))].map((role) => {
    const pictures = listed.filter(({ roles }) => roles.includes(role));
    const ambiguous = wrongIn(file, { fix: oneName });
    return [role, matchImages(pictures.map(({ filename }) => filename), names(role), ambiguous)];
  }));
  for (const { filename, split, roles, sentences } of listed) {
    const role = roles.find((role) => found.get(role)!.has(filename));
    if (role === undefined) {
      throw wrongIn(file, {
        fix: "download the features of all its pictures, or remove the picture from the list",
      })(`the picture ${filename} has no features`);
    }
    const image = found.get(role)!.get(filename)!;
    images.push({ id: image, split, role });
    sentences.forEach(({ raw }, place) => {
      const id = `${filename}#${place}`;
      const tokens = tokenizer.encode(raw);
      if (!hasWord({ tokens })) {
        throw wrongIn(file, { fix: "write a caption, or remove it from the list" })(
          `the caption ${id} has no word`,
        );
      }

      if (keeps(split, tokens.length, most)) {
        lines.push({ id, image, split, text: raw, tokens });
      } else tooLong++;
    });
  }
  for (const { split } of sources) {
    if (images.some((image) => image.split === split)) continue;
    const there = [...new Set(parsed.output.images.map((image) => image.split))].join(", ");
    throw wrongIn(file, { fix: "use splits that it contains" })(
      `it contains no picture of split ${split}; its splits are ${there || "none"}`,
    );
  }
  return {
    lines: withoutDuplicates(lines),
    images,
    vocabulary: tokenizer.vocabulary,
    tokenizer: tokenizer.json,
    tooLong,
  };
}
