/** Writes a scenes artifact: pictures, their objects, captions, swapped pairs. */
import { type RandomStream, randomStream } from "../../../pipeline/contract/random_stream.ts";
import { type Caption, describeScene } from "./captions.ts";
import { drawScene } from "./drawing.ts";
import { layoutScene } from "./layout.ts";
import { relationsOf } from "./relations.ts";
import { swappedScenes } from "./swaps.ts";
import { boxOf, canvasHeight, canvasWidth, type SceneObject } from "./vocabulary.ts";

export interface SceneCounts {
  readonly seed: number;
  readonly images: number;
  readonly val_images: number;
  readonly test_images: number;
  readonly swap_pairs: number;
  readonly captions: number;
}

/** The parts of a stage's context that are used. */
interface SceneContext {
  readonly parameters: SceneCounts;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: { report(done: number, total: number, unit: string): void };
}

export async function writeScenes({ parameters: p, folder, signal, progress }: SceneContext) {
  const random = randomStream(p.seed).fork("scenes");
  await Deno.mkdir(`${folder}/images`);
  const lines: Record<"scenes" | "captions" | "pairs", object[]> = {
    scenes: [],
    captions: [],
    pairs: [],
  };
  const total = p.images + p.val_images + p.test_images + 2 * p.swap_pairs;
  const write = async (
    id: string,
    split: string,
    objects: SceneObject[],
    captions: readonly Caption[],
    background: RandomStream,
  ) => {
    signal.throwIfAborted();
    const file = `images/${id}.png`;
    await Deno.writeFile(`${folder}/${file}`, drawScene(objects, background));
    lines.scenes.push({
      id,
      split,
      width: canvasWidth,
      height: canvasHeight,
      file,
      objects: objects.map((object) => ({
        shape: object.shape,
        colour: object.colour,
        size: object.size,
        texture: object.texture,
        box: boxOf(object),
      })),
      relations: relationsOf(objects),
    });
    captions.forEach(({ text, phrases }, k) =>
      lines.captions.push({ id: `${id}_${k}`, image: id, split, text, phrases })
    );
    progress.report(lines.scenes.length, total, "images");
  };

  for (
    const [split, count] of [["train", p.images], ["val", p.val_images], [
      "test",
      p.test_images,
    ]] as const
  ) {
    for (let k = 0; k < count; k++) {
      const own = random.fork(split).fork(k);
      const objects = layoutScene(own.fork("layout"));
      const captions = describeScene(
        objects,
        relationsOf(objects),
        p.captions,
        own.fork("captions"),
      );
      await write(`${split}_${number(k)}`, split, objects, captions, own.fork("background"));
    }
  }
  for (let k = 0; k < p.swap_pairs; k++) {
    const own = random.fork("swap").fork(k);
    const kind = k % 2 === 0 ? "relation" : "attribute";
    const { scenes, captions } = swappedScenes(kind, own);
    const ids = [0, 1].map((side) => `swap_${number(k)}_${side}`);
    for (const side of [0, 1] as const) {
      await write(ids[side]!, "swap", scenes[side], [captions[side]], own.fork("background"));
    }
    lines.pairs.push({
      id: `swap_${number(k)}`,
      kind,
      image_0: ids[0],
      image_1: ids[1],
      caption_0: `${ids[0]}_0`,
      caption_1: `${ids[1]}_0`,
    });
  }
  for (const [name, objects] of Object.entries(lines)) {
    const text = objects.map((object) => `${JSON.stringify(object)}\n`).join("");
    await Deno.writeTextFile(`${folder}/${name}.jsonl`, text);
  }
}

function number(k: number): string {
  return String(k).padStart(6, "0");
}
