/** Checks of `doctor` for an extraction: photos that are missing or cannot be read, and sizes. */
import type { Examination, ExaminationContext, Finding } from "../../pipeline/contract/stage.ts";
import { readText } from "../../pipeline/contract/text_file.ts";
import type { PhotoParameters } from "../extraction/photo_parameters.ts";
import { readPhotoCaptions } from "../extraction/photo_captions.ts";
import { backboneWidth } from "../vision/efficientnet.ts";
import { BadPhoto, decodePhoto } from "../vision/photo_pixels.ts";
import { miniLmWords } from "../model/checkpoint/pretrained_packages.ts";
import { photoList } from "../extraction/photo_list.ts";
import { regionFinder } from "../extraction/region_finder.ts";

/** Number of photos that are opened, spread evenly over the folder. */
const sample = 20;

export async function examinePhotos(
  { parameters, files }: ExaminationContext<PhotoParameters>,
): Promise<Examination> {
  await using finder = await regionFinder(parameters, files);
  const { most } = finder;
  const facts: Record<string, number> = {
    regions: most,
    feature_dim: backboneWidth,
    words: parameters.max_text_length + 2,
    vocabulary: miniLmWords,
  };
  const findings: Finding[] = [];
  const names = await photoNames({ parameters, files }, facts);
  const missing = names.filter((name) => !isFile(`${files["images"]}/${name}`));
  const verdict = parameters.on_bad_image === "skip" ? "note" : "bad";
  if (missing.length > 0) {
    findings.push({
      verdict,
      what: `${missing.length} photos with captions are not in the folder, such as ${missing[0]}`,
      ...(verdict === "bad" && { fix: "copy them there, or set `on_bad_image: skip`" }),
    });
  }
  const lost = new Set(missing);
  const there = names.filter((name) => !lost.has(name));
  const step = Math.max(1, Math.floor(there.length / sample));
  for (const name of there.filter((_, place) => place % step === 0)) {
    try {
      await decodePhoto(`${files["images"]}/${name}`, {
        width: parameters.side,
        height: parameters.side,
      });
    } catch (error) {
      if (!(error instanceof BadPhoto)) throw error;
      findings.push({
        verdict,
        what: `${name} cannot be read: ${error.message}`,
        ...(verdict === "bad" && {
          fix: `${error.fix ?? "replace it"}, or set \`on_bad_image: skip\``,
        }),
      });
    }
  }
  findings.push({ verdict: "ok", what: `${there.length} photos with captions` });
  const wholes = parameters.views === undefined ? 1 : 2; // vectors of the whole photo
  const bytes = there.length * (most * (backboneWidth + 7) + wholes * backboneWidth) * 4;
  return { findings, facts, disk: bytes, scratch: bytes };
}

/** Adds numbers of captions and images per split to the facts, if the word pieces are available. */
async function photoNames(
  { parameters, files }: Pick<ExaminationContext<PhotoParameters>, "parameters" | "files">,
  facts: Record<string, number>,
): Promise<string[]> {
  const vocabulary = files["vocabulary"] ?? `${files["words"]}/vocab.txt`;
  if (!isFile(vocabulary)) { // a package that is not fetched yet
    const file = files["captions"]!;
    const lines = readPhotoCaptions(readText(file), { file });
    return [...new Set(lines.map(({ image }) => image))].sort();
  }
  const { photos, captions, tokenizer } = await photoList({ parameters, files });
  facts["vocabulary"] = tokenizer.vocabulary.size;
  facts["words"] = captions.reduce((most, { tokens }) => Math.max(most, tokens.length), 0) + 2;
  for (const split of ["train", "val", "test"]) {
    facts[`${split}_images`] = photos.filter((photo) => photo.split === split).length;
    facts[`${split}_captions`] = captions.filter((caption) => caption.split === split).length;
  }
  return photos.map(({ id }) => id);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
