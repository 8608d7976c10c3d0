/** Writes a scenes artifact: pictures, their objects, captions and what they are true of, swapped pairs. */
import { type RandomStream, randomStream } from "../../../pipeline/contract/random_stream.ts";
import { type Caption, describeScene } from "./captions.ts";
import { drawScene } from "./drawing.ts";
import { type FamilyOptions, layoutFamilies } from "./family_layout.ts";
import { layoutScene } from "./layout.ts";
import { relationsOf, type SceneRelation } from "./relations.ts";
import { type SceneParameters, scenePlan, type SplitPlan } from "./scene_plan.ts";
import { isTrue, judgedScene } from "../../data/statements.ts";
import { swappedScenes } from "./swaps.ts";
import { boxOf, canvasHeight, canvasWidth, type SceneObject } from "./vocabulary.ts";

/** The parts of a stage's context that are used. */
interface SceneContext {
  readonly parameters: SceneParameters;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: { report(done: number, total: number, unit: string): void };
}

/** A picture that is to be drawn and listed. */
interface Picture {
  readonly id: string;
  readonly split: string;
  readonly family?: string | undefined;
  readonly kin?: string | undefined;
  readonly objects: readonly SceneObject[];
  readonly relations: readonly SceneRelation[];
  readonly captions: readonly Caption[];
  /** Decides its background. */
  readonly background: RandomStream;
}

export async function writeScenes({ parameters: p, folder, signal, progress }: SceneContext) {
  const random = randomStream(p.seed).fork("scenes");
  await Deno.mkdir(`${folder}/images`);
  const { splits, swaps } = scenePlan(p);
  const total = splits.reduce((sum, { images }) => sum + images, 0) +
    swaps.reduce((sum, { pairs }) => sum + 2 * pairs, 0);
  const lines: Record<"scenes" | "captions" | "pairs", object[]> = {
    scenes: [],
    captions: [],
    pairs: [],
  };
  const write = async (picture: Picture, trueOf: (caption: Caption) => readonly string[]) => {
    signal.throwIfAborted();
    const { id, split, objects, background } = picture;
    const file = `images/${id}.png`;
    await Deno.writeFile(`${folder}/${file}`, drawScene(objects, background));
    lines.scenes.push({ ...sceneLine(picture), file });
    picture.captions.forEach((caption, k) => {
      const { text, phrases, states } = caption;
      const others = trueOf(caption);
      lines.captions.push({
        ...{ id: `${id}_${k}`, image: id, split, text, phrases, states },
        ...(others.length > 0 && { also_true_of: others }),
      });
    });
    progress.report(lines.scenes.length, total, "images");
  };

  for (const split of splits) {
    const pictures = picturesOf(split, random.fork(split.name), p.families);
    const judged = pictures.map((picture) => ({
      ...picture,
      scene: judgedScene(picture.objects, picture.relations),
    }));
    const groupOf = ({ kin, family }: Picture) => kin ?? family;
    const groups = Map.groupBy(judged, groupOf);
    for (const picture of pictures) {
      // A training split may be too large to compare everything in it.
      const compared = split.name !== "train"
        ? judged
        : groupOf(picture) === undefined
        ? []
        : groups.get(groupOf(picture))!;
      await write(
        picture,
        ({ states }) =>
          compared.flatMap(({ id, scene }) =>
            id !== picture.id && isTrue(states, scene) ? [id] : []
          ),
      );
    }
  }
  for (const swap of swaps) {
    for (let k = 0; k < swap.pairs; k++) {
      const own = random.fork(swap.split).fork(k);
      const kind = swap.kinds[k % swap.kinds.length]!;
      const id = `${swap.split}_${number(k)}`;
      const { scenes, captions } = swappedScenes(kind, own, {
        scene: swap.scene,
        wording: p.wording,
        accepts: swap.accepts,
      });
      const ids = [0, 1].map((side) => `${id}_${side}`);
      for (const side of [0, 1] as const) {
        await write({
          id: ids[side]!,
          split: swap.split,
          ...(p.families !== undefined && { family: id }),
          objects: scenes[side],
          relations: relationsOf(scenes[side]),
          captions: [captions[side]],
          background: own.fork("background"),
        }, () => []);
      }
      lines.pairs.push({
        id,
        kind,
        image_0: ids[0],
        image_1: ids[1],
        caption_0: `${ids[0]}_0`,
        caption_1: `${ids[1]}_0`,
      });
    }
  }
  for (const [name, objects] of Object.entries(lines)) {
    const text = objects.map((object) => `${JSON.stringify(object)}\n`).join("");
    await Deno.writeTextFile(`${folder}/${name}.jsonl`, text);
  }
}

/** The pictures of a split, in families where they have any. */
function picturesOf(
  { name, images, captions, scene, wording }: SplitPlan,
  random: RandomStream,
  families: FamilyOptions | undefined,
): Picture[] {
  const picture = (
    k: number,
    objects: readonly SceneObject[],
    own: RandomStream,
    group: Pick<Picture, "family" | "kin"> = {},
  ): Picture => {
    const relations = relationsOf(objects);
    return {
      id: `${name}_${number(k)}`,
      split: name,
      ...group,
      objects,
      relations,
      captions: describeScene(objects, relations, captions, own.fork("captions"), wording),
      background: own.fork("background"),
    };
  };
  if (families === undefined) {
    return Array.from({ length: images }, (_, k) => {
      const own = random.fork(k);
      return picture(k, layoutScene(own.fork("layout"), scene), own);
    });
  }
  const { pictures, recoloured } = families;
  const together = pictures * (recoloured ? 2 : 1);
  return Array.from({ length: images / together }, (_, group) => {
    const own = random.fork("family").fork(group);
    const kin = recoloured ? { kin: `${name}_kin_${number(group)}` } : {};
    return layoutFamilies(own.fork("layout"), families, scene).flat().map((objects, place) => {
      const k = group * together + place;
      const family = `${name}_family_${number(Math.floor(k / pictures))}`;
      return picture(k, objects, own.fork("picture").fork(place), { family, ...kin });
    });
  }).flat();
}

function sceneLine({ id, split, family, kin, objects, relations }: Picture) {
  return {
    id,
    split,
    ...(family !== undefined && { family }),
    ...(kin !== undefined && { kin }),
    width: canvasWidth,
    height: canvasHeight,
    objects: objects.map((object) => ({
      shape: object.shape,
      colour: object.colour,
      size: object.size,
      texture: object.texture,
      box: boxOf(object),
    })),
    relations,
  };
}

function number(k: number): string {
  return String(k).padStart(6, "0");
}
