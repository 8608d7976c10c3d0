/** Whether the splits that stages name exist and have enough images, before anything is made or read. */
import { didYouMean } from "../../pipeline/contract/complaint.ts";
import { readText } from "../../pipeline/contract/text_file.ts";
import type { CheckContext, Facts, Problem } from "../../pipeline/contract/stage.ts";
import { readPhotoCaptions } from "../extraction/photo_captions.ts";
import type { PhotoParameters } from "../extraction/photo_parameters.ts";
import { splitsOf } from "../extraction/photo_splits.ts";

/**
 * About data: `<split>_images`, Infinity where they are not counted; `together`, how many images of the same
 * objects come together, 1 without families, absent if it is not known.
 */
type DataFacts = Facts;

/** Parameters of `make_scenes`. */
interface SceneParameters {
  readonly images: number;
  readonly val_images: number;
  readonly test_images: number;
  readonly unseen_images: number;
  readonly swap_pairs: number;
  readonly val_swap_pairs: number;
  readonly captions: number;
  readonly held_out_captions?: number | undefined;
  readonly families?: { readonly pictures: number; readonly recoloured: boolean } | undefined;
}

/** Numbers of images and captions of every split that `make_scenes` writes. */
export function sceneFacts(p: SceneParameters): DataFacts {
  const { captions, held_out_captions: others = captions, families } = p;
  const splits = {
    train: { images: p.images, captions },
    val: { images: p.val_images, captions: others },
    test: { images: p.test_images, captions: others },
    swap: { images: 2 * p.swap_pairs, captions: 1 },
    ...(p.val_swap_pairs > 0 && { swap_val: { images: 2 * p.val_swap_pairs, captions: 1 } }),
    ...(p.unseen_images > 0 && {
      unseen_roles: { images: p.unseen_images, captions: others },
      unseen_pairs: { images: p.unseen_images, captions: others },
      swap_unseen_roles: { images: 2 * p.swap_pairs, captions: 1 },
      swap_unseen_pairs: { images: 2 * p.swap_pairs, captions: 1 },
    }),
  };
  const counts = Object.entries(splits).flatMap(([split, { images, captions }]) => [
    [`${split}_images`, images],
    [`${split}_captions`, images * captions],
  ]);
  const together = families === undefined ? 1 : families.pictures * (families.recoloured ? 2 : 1);
  return { ...Object.fromEntries(counts), together };
}

/** Images of every split of a folder of photos, from the list of captions. */
export function photoFacts(
  { parameters, files }: Pick<CheckContext<PhotoParameters>, "parameters" | "files">,
): DataFacts {
  const file = files["captions"]!;
  const names = readPhotoCaptions(readText(file), { file }).map(({ image }) => image);
  const part = (role: "test" | "validation") => {
    const given = parameters[role];
    return typeof given === "number" ? given : { file: files[role]!, text: readText(files[role]!) };
  };
  const splits = splitsOf([...new Set(names)].sort(), {
    test: part("test"),
    validation: part("validation"),
  });
  const images = Map.groupBy(splits.values(), (split) => split);
  return {
    ...Object.fromEntries([...images].map(([split, { length }]) => [`${split}_images`, length])),
    together: 1,
  };
}

/** The splits of published data, whose images are not counted. */
export function publishedFacts({ splits }: { readonly splits: readonly string[] }): DataFacts {
  return {
    ...Object.fromEntries(splits.map((split) => [`${split}_images`, Infinity])),
    together: 1,
  };
}

/** The split or splits that a parameter names have images. @param facts undefined: nothing is known */
export function splitProblems(
  facts: DataFacts | undefined,
  parameter: string,
  named: string | readonly string[],
): Problem[] {
  if (facts === undefined) return [];
  const splits = Object.keys(facts).filter((name) => name.endsWith("_images") && facts[name]! > 0)
    .map((name) => name.slice(0, -"_images".length));
  return [named].flat().filter((split) => !splits.includes(split)).map((split) => ({
    parameter,
    what: `its data have no split \`${split}\``,
    fix: didYouMean(split, splits) ?? `use one of ${splits.map((one) => `\`${one}\``).join(", ")}`,
  }));
}

/** Parameters that stages of training share. */
export interface TrainingRequest {
  readonly train: string | readonly string[];
  readonly train_images?: number | undefined;
  readonly validate_every: number;
  readonly validation_split: string;
}

/** Whether a training has the images that it names. @param facts undefined: nothing is known */
export function trainingProblems(
  facts: DataFacts | undefined,
  { train, train_images: images, validate_every: every, validation_split }: TrainingRequest,
): Problem[] {
  if (facts === undefined) return [];
  const missing = [
    ...splitProblems(facts, "train", train),
    ...(every > 0 ? splitProblems(facts, "validation_split", validation_split) : []),
  ];
  if (missing.length > 0 || images === undefined) return missing;
  const available = imagesOf(facts, train);
  const { together = 1 } = facts;
  if (images > available) {
    return [{
      parameter: "train_images",
      what: `\`train_images: ${images}\` is more than the ${available} images to train on`,
      fix: `use at most ${available}, or remove \`train_images\``,
    }];
  }
  if (images % together === 0) return [];
  const below = images - images % together;
  return [{
    parameter: "train_images",
    what: `\`train_images: ${images}\` divides images of the same objects, ${together} together`,
    fix: `use ${below > 0 ? `${below} or ` : ""}${below + together}`,
  }];
}

/** A parameter that is for images in families. */
export function familyProblems(facts: DataFacts | undefined, parameter: string): Problem[] {
  return facts?.["together"] !== 1 ? [] : [{
    parameter,
    what: `\`${parameter}\` needs images in families, and its data have none`,
    fix: `remove \`${parameter}\`, or set \`families\` of make_scenes`,
  }];
}

/** Whether there are enough wrong images to draw negatives from. */
export function negativeProblems(
  facts: DataFacts | undefined,
  parameters: TrainingRequest & { readonly negatives: number; readonly pool: number },
): Problem[] {
  if (facts === undefined) return [];
  const { train, train_images: images = imagesOf(facts, train), pool } = parameters;
  const key = pool > 0 ? "pool" : "negatives";
  if (parameters[key] <= images - 1) return [];
  return [{
    parameter: key,
    what: `${parameters[key]} negatives are requested, but the training split has ` +
      `${images - 1} wrong images`,
    fix: `lower \`${key}\`, or train on more images`,
  }];
}

function imagesOf(facts: DataFacts, splits: string | readonly string[]): number {
  return [splits].flat().reduce((sum, split) => sum + (facts[`${split}_images`] ?? 0), 0);
}
