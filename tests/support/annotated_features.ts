/**
 * A features artifact whose captions know which of their words are which object and which region shows
 * it, a model for it, and the same annotations in the form of Flickr30k Entities.
 */
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import { writeLines } from "../../stages/data/formats/json_lines.ts";
import { writeSafetensors } from "../../stages/data/formats/safetensors.ts";
import { tokenizerFromCaptions } from "../../stages/data/tokenizer.ts";
import type { Configuration } from "../../stages/model/configuration.ts";
import { initialWeights } from "../../stages/model/initial_weights.ts";
import { writeModel } from "../../stages/model/checkpoint/model_artifact.ts";

export const annotatedConfiguration: Configuration = {
  hidden_size: 24,
  num_hidden_layers: 3,
  num_attention_heads: 3,
  intermediate_size: 29,
  vocab_size: 40,
  max_position_embeddings: 19,
  type_vocab_size: 2,
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  initializer_range: 0.3,
  hidden_act: "gelu",
  img_dim: 17,
};

/** Words between bars are phrases: |words|object. Regions lie side by side; object n is region n. */
const described = [
  { image: "flickr30k_000000000012.npz", regions: 3, text: "|a man|1 with |a hat|2 sees |a dog|0" },
  { image: "flickr30k_000000000012.npz", regions: 3, text: "|the dog|0 likes |the man|1 's hat ." },
  { image: "flickr30k_34.npz", regions: 4, text: "|two cars|3 by |a tree|0 and |they|3 shine" },
  { image: "flickr30k_34.npz", regions: 4, text: "nothing but |a tree|0 stands here" },
  { image: "flickr30k_5.npz", regions: 1, text: "|a bird|0 on |a wire|7" },
];

export interface AnnotatedCaption {
  readonly id: string;
  readonly image: string;
  readonly text: string;
  readonly phrases: readonly { start: number; end: number; object: number }[];
}

export const annotatedCaptions: readonly AnnotatedCaption[] = described.map(
  ({ image, text: marked }, place) => {
    const phrases: { start: number; end: number; object: number }[] = [];
    let text = "";
    let from = 0;
    for (const { 0: whole, 1: words, 2: object, index } of marked.matchAll(/\|([^|]+)\|(\d)/g)) {
      text += marked.slice(from, index);
      phrases.push({
        start: text.length,
        end: text.length + words!.length,
        object: Number(object),
      });
      text += words;
      from = index + whole.length;
    }
    return { id: `c_${place % 2}_${place}`, image, text: text + marked.slice(from), phrases };
  },
);

const images: readonly (readonly [id: string, regions: number, family?: string])[] = [
  ...new Map(described.map(({ image, regions }) => [image, regions])),
];

/** Pictures without captions: id, regions, family. */
const uncaptioned: readonly (readonly [id: string, regions: number, family: string])[] = [
  ["flickr30k_101.npz", 3, "other"],
  ["flickr30k_102.npz", 3, familyOf(images[0]![0])],
  ["flickr30k_103.npz", 3, familyOf(images[1]![0])],
  ["flickr30k_104.npz", 4, familyOf(images[1]![0])],
];

/** A captioned picture's family. */
function familyOf(image: string): string {
  return `family of ${image}`;
}

/** Where region n of an image lies. */
const boxOf = (place: number, regions: number) => [place / regions, 0, (place + 1) / regions, 1];

export async function writeAnnotatedFeatures(
  folder: string,
  { phrases: own, texts = true, families = false }: {
    readonly phrases: boolean;
    readonly texts?: boolean;
    /** Whether there are further pictures, of the families of the captioned ones and of another. */
    readonly families?: boolean;
  },
): Promise<void> {
  Deno.mkdirSync(folder, { recursive: true });
  const tokenizer = tokenizerFromCaptions(annotatedCaptions.map(({ text }) => text));
  const random = randomStream(11);
  let offset = 0;
  const further = families ? uncaptioned : [];
  const lines = [...images, ...further].map(([id, regions, family = familyOf(id)]) => {
    offset += regions;
    const place = { offset: offset - regions };
    return { id, split: "test", regions, ...place, ...families && { family } };
  });
  await writeLines(`${folder}/images.jsonl`, lines);
  await writeLines(
    `${folder}/captions.jsonl`,
    annotatedCaptions.map(({ id, image, text, phrases }) => ({
      id,
      image,
      split: "test",
      text: texts ? text : "",
      tokens: tokenizer.encode(text),
      ...own && {
        phrases: phrases.map(({ start, end, object }) => ({
          token_start: tokenizer.encode(text.slice(0, start)).length,
          token_end: tokenizer.encode(text.slice(0, end)).length,
          object,
          region: object < images.find(([id]) => id === image)![1] ? object : null,
        })),
      },
    })),
  );
  await writeLines(`${folder}/vocabulary.json`, [tokenizer.vocabulary]);
  await writeLines(`${folder}/pairs.jsonl`, []);
  await Deno.writeTextFile(`${folder}/tokenizer.json`, tokenizer.json);
  const features = Float32Array.from(
    { length: offset * annotatedConfiguration.img_dim },
    (_, at) => random.normal(at),
  );
  const boxes = [...images, ...further].flatMap(([, regions]) =>
    Array.from({ length: regions }, (_, place) => [...boxOf(place, regions), 1 / regions, 1])
      .flatMap((box) => [...box, 1 / regions])
  );
  await writeSafetensors(
    `${folder}/regions.safetensors`,
    new Map([
      ["features", {
        shape: [offset, annotatedConfiguration.img_dim],
        dtype: "F32" as const,
        data: features,
      }],
      ["boxes", { shape: [offset, 7], dtype: "F32" as const, data: Float32Array.from(boxes) }],
    ]),
  );
}

/** @param uniform whether every attention is uniform: queries are 0 */
export async function writeAnnotatedModel(
  folder: string,
  { uniform = false }: { readonly uniform?: boolean } = {},
): Promise<void> {
  Deno.mkdirSync(folder, { recursive: true });
  const weights = initialWeights(annotatedConfiguration, randomStream(7).fork("weights"));
  for (const [name, { values }] of Object.entries(weights)) {
    if (uniform && name.includes("attention.self.query")) values.fill(0);
  }
  await writeModel(folder, { config: annotatedConfiguration, weights });
}

/** Every image but `without`; sentences are spaced and marked as Entities has them. */
export function writeEntities(
  folder: string,
  { without = [] }: { readonly without?: readonly string[] } = {},
): void {
  for (const part of ["Sentences", "Annotations"]) {
    Deno.mkdirSync(`${folder}/${part}`, { recursive: true });
  }
  for (const [image, regions] of images.filter(([id]) => !without.includes(id))) {
    const name = /0*(\d+)\.npz$/.exec(image)![1];
    const own = annotatedCaptions.filter((caption) => caption.image === image);
    // In another order than the captions: words decide.
    const lines = own.toReversed().map(({ text, phrases }) => {
      let line = "";
      let from = 0;
      for (const { start, end, object } of phrases) {
        const words = text.slice(start, end).replace(/^./, (letter) => letter.toUpperCase());
        line += `${text.slice(from, start)}[/EN#${100 + object}/other ${words}]`;
        from = end;
      }
      return `${line}${text.slice(from)}`;
    });
    Deno.writeTextFileSync(`${folder}/Sentences/${name}.txt`, `${lines.join("\n")}\n`);
    // 400 x 300 pixels, counted from 1; a little narrower than the region.
    const objects = Array.from({ length: regions }, (_, place) => {
      const [x1 = 0, , x2 = 0] = boxOf(place, regions);
      return `<object><name>${100 + place}</name><bndbox><xmin>${
        Math.floor(400 * x1) + 3
      }</xmin><ymin>1</ymin><xmax>${Math.floor(400 * x2)}</xmax><ymax>300</ymax></bndbox></object>`;
    });
    Deno.writeTextFileSync(
      `${folder}/Annotations/${name}.xml`,
      `<annotation><size><width>400</width><height>300</height><depth>3</depth></size>${
        objects.join("")
      }</annotation>`,
    );
  }
}
