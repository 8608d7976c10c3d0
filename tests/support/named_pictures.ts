/** Features of pictures of two things each; the caption names the two, their regions add up to them. */
import { type WritableTensor, writeSafetensors } from "../../stages/data/formats/safetensors.ts";

const [kinds, width] = [6, 12];

/** @param options.classes whether regions come with probabilities of what they show */
export async function namedPictures(folder: string, { classes = true } = {}): Promise<void> {
  await Deno.mkdir(folder);
  const pairs = Array.from({ length: kinds * kinds }, (_, i) => [i % kinds, Math.floor(i / kinds)]);
  const lines = (file: string, rows: unknown[]) =>
    Deno.writeTextFile(`${folder}/${file}`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  // Every row and column of the table of pairs loses one to the test split.
  const split = ([a, b]: number[]) => (a! + b!) % kinds === 0 ? "test" : "train";
  await lines(
    "images.jsonl",
    pairs.map((pair, i) => ({ id: `p${i}`, split: split(pair), offset: 2 * i, regions: 2 })),
  );
  await lines(
    "captions.jsonl",
    pairs.map(([a, b], i) => ({
      id: `c${i}`,
      image: `p${i}`,
      split: split([a!, b!]),
      text: `${a} ${b}`,
      tokens: [5 + a!, 5 + kinds + b!],
    })),
  );
  await lines("pairs.jsonl", []);
  const vocabulary = { size: 5 + 2 * kinds, pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 };
  await Deno.writeTextFile(`${folder}/vocabulary.json`, JSON.stringify(vocabulary));
  const rows = pairs.length * 2;
  const features = new Float32Array(rows * width);
  const shown = new Float32Array(rows * width).fill(0.1 / (width - 1));
  pairs.forEach(([a, b], i) => {
    for (const [row, thing] of [[2 * i, a!], [2 * i + 1, kinds + b!]] as const) {
      features[row * width + thing] = 2;
      shown[row * width + thing] = 0.9;
    }
  });
  const tensor = (shape: number[], data: Float32Array) => ({ shape, dtype: "F32" as const, data });
  await writeSafetensors(
    `${folder}/regions.safetensors`,
    new Map<string, WritableTensor>([
      ["features", tensor([rows, width], features)],
      ["boxes", tensor([rows, 7], new Float32Array(rows * 7))],
      ...(classes ? [["classes", tensor([rows, width], shown)] as const] : []),
    ]),
  );
}
