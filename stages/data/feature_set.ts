/** Reads a features artifact: what training and evaluation know of images and captions. */
import { Complaint } from "../../pipeline/complaint.ts";
import { readSafetensors } from "./safetensors.ts";

export interface FeatureSet {
  readonly images: readonly FeatureImage[];
  readonly captions: readonly FeatureCaption[];
  readonly features: Float32Array;
  readonly boxes: Float32Array;
  readonly featureDim: number;
  readonly vocabulary: Vocabulary;
  readonly pairs: readonly SwappedPair[];
}
export interface FeatureImage {
  readonly id: string;
  readonly split: string;
  readonly offset: number;
  readonly regions: number;
}
export interface FeatureCaption {
  readonly id: string;
  readonly image: number;
  readonly split: string;
  readonly text: string;
  readonly tokens: readonly number[];
}
export interface Vocabulary {
  readonly size: number;
  readonly pad: number;
  readonly unk: number;
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
}
export interface SwappedPair {
  readonly id: string;
  readonly kind: string;
  readonly image0: number;
  readonly image1: number;
  readonly caption0: number;
  readonly caption1: number;
}

export async function openFeatures(folder: string): Promise<FeatureSet> {
  const lines = async (f: string) =>
    (await Deno.readTextFile(`${folder}/${f}`)).trim().split("\n").filter(Boolean).map((l) =>
      JSON.parse(l)
    );
  const t = await readSafetensors(`${folder}/regions.safetensors`);
  const images = await lines("images.jsonl");
  const at = new Map(images.map((x, i) => [x.id, i]));
  const captions = (await lines("captions.jsonl")).map((c) => ({ ...c, image: at.get(c.image)! }));
  const cat = new Map(captions.map((x, i) => [x.id, i]));
  const pairs = (await lines("pairs.jsonl")).map((p) => ({
    id: p.id,
    kind: p.kind,
    image0: at.get(p.image_0)!,
    image1: at.get(p.image_1)!,
    caption0: cat.get(p.caption_0)!,
    caption1: cat.get(p.caption_1)!,
  }));
  const f = t.get("features")!;
  void Complaint;
  return {
    images,
    captions,
    features: f.data as Float32Array,
    boxes: t.get("boxes")!.data as Float32Array,
    featureDim: f.shape[1]!,
    vocabulary: JSON.parse(await Deno.readTextFile(`${folder}/vocabulary.json`)),
    pairs,
  };
}
