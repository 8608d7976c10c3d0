/** Chooses the objects of a scene and their positions. */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { relationsOf } from "./relations.ts";
import {
  boxOf,
  canvasHeight,
  canvasWidth,
  type Colour,
  extents,
  type SceneObject,
  type SceneVocabulary,
  type Shape,
  type Size,
  type Texture,
  wholeVocabulary,
} from "./vocabulary.ts";

/** Smallest distance between unrelated objects, in pixels. */
const GAP = 7;
/** Smallest distance to the picture's border, in pixels. */
const BORDER = 4;

/** What the scenes of a set have in common. */
export interface SceneOptions {
  readonly vocabulary: SceneVocabulary;
  /** Number of objects in a scene, at most as many as there are colours. */
  readonly objects: { readonly from: number; readonly to: number };
  /** Whether a scene may have these objects; their places do not count. */
  readonly mayHave?: (objects: readonly Looks[]) => boolean;
  /** Whether the objects may be arranged like this. */
  readonly mayBe?: (objects: readonly SceneObject[]) => boolean;
}

export const defaultScenes: SceneOptions = {
  vocabulary: wholeVocabulary,
  objects: { from: 3, to: 6 },
};

/** With fewer relations, a scene has too little to say. */
export const leastRelations = 2;
export const triesPerObject = 60;

/**
 * Objects with at least two relations; some scenes have one object inside another, some two that touch,
 * some three in a row. No colour is used twice in a scene.
 */
export function layoutScene(
  random: RandomStream,
  options: SceneOptions = defaultScenes,
): SceneObject[] {
  const { mayHave = () => true, mayBe = () => true } = options;
  return firstOf(
    (attempt) => tryLayout(random.fork("attempt").fork(attempt), options),
    (objects) =>
      relationsOf(objects).length >= leastRelations && mayHave(objects) && mayBe(objects),
  );
}

/** The first acceptable draw. @throws {Complaint} if there is hardly one */
export function firstOf<Item>(
  draw: (attempt: number) => Item | undefined,
  accepts: (item: Item) => boolean,
  { attempts = 100_000 } = {},
): Item {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const item = draw(attempt);
    if (item !== undefined && accepts(item)) return item;
  }
  throw new Complaint(
    `no acceptable scene was found in ${attempts} attempts: too many objects, or of too few kinds`,
    "use fewer `objects`, or a larger vocabulary (`shapes`, `colours`, `sizes`, `textures`)",
    { exitCode: 1 },
  );
}

function tryLayout(
  random: RandomStream,
  { vocabulary, objects: { from, to } }: SceneOptions,
): SceneObject[] | undefined {
  const count = from + random.fork("count").integer(0, to - from + 1);
  const palette = random.fork("colours").shuffled(vocabulary.colours);
  const placed: SceneObject[] = [];
  const special = random.fork("special").uniform(0);
  // Special placements need two or three objects, and some of them certain shapes or sizes.
  if (special < 0.22) placed.push(...contained(random.fork("inside"), palette, vocabulary));
  else if (special < 0.44) placed.push(...inContact(random.fork("touching"), palette, vocabulary));
  else if (special < 0.6 && count >= 3) {
    placed.push(...inRow(random.fork("row"), palette, vocabulary));
  }
  for (let tries = 0; placed.length < count && tries < triesPerObject; tries++) {
    const own = random.fork("object").fork(tries);
    const object = { ...looks(own, palette[placed.length]!, vocabulary), ...place(own, 0) };
    if (!clashes(object, placed)) placed.push(object);
  }
  const inPicture = placed.every((object) => isInPicture(object));
  return placed.length === count && inPicture ? placed : undefined;
}

/** An object without a place. */
export interface Looks {
  readonly shape: Shape;
  readonly colour: Colour;
  readonly size: Size;
  readonly texture: Texture;
  readonly extent: number;
}

export function looks(
  random: RandomStream,
  colour: Colour,
  { shapes, sizes, textures }: Omit<SceneVocabulary, "colours">,
  fixed: Partial<Looks> = {},
): Looks {
  const pick = <Item>(purpose: string, items: readonly Item[]) =>
    items[random.fork(purpose).integer(0, items.length)]!;
  const size = fixed.size ?? pick("size", sizes);
  const [least, most] = extents[size];
  return {
    shape: pick("shape", shapes),
    colour,
    texture: pick("texture", textures),
    extent: least + random.fork("extent").integer(0, most - least + 1),
    ...fixed,
    size,
  };
}

/** A centre at whole pixels, at least `half` + BORDER from the edges. */
export function place(random: RandomStream, half: number): { x: number; y: number } {
  const along = (purpose: string, length: number) => {
    const room = length - 2 * (half + BORDER);
    return Math.round(half + BORDER + random.fork(purpose).uniform(0) * room);
  };
  return { x: along("x", canvasWidth), y: along("y", canvasHeight) };
}

/** A small object in the middle of a large plain one, or in the hole of a ring; none without such shapes. */
function contained(
  random: RandomStream,
  palette: readonly Colour[],
  vocabulary: SceneVocabulary,
): SceneObject[] {
  const around = (["ring", "square", "circle"] as const)
    .filter((shape) => vocabulary.shapes.includes(shape));
  const fits = vocabulary.sizes.includes("large") && vocabulary.sizes.includes("small") &&
    vocabulary.textures.includes("plain");
  if (around.length === 0 || !fits) return [];
  const outer = looks(random.fork("outer"), palette[0]!, vocabulary, {
    shape: around[random.fork("shape").integer(0, around.length)]!,
    size: "large",
    texture: "plain",
  });
  const at = place(random, outer.extent / 2);
  const inner = looks(random.fork("inner"), palette[1]!, vocabulary, { size: "small" });
  return [{ ...outer, ...at }, { ...inner, ...at, extent: Math.min(inner.extent, 20) }];
}

/** Shapes that reach the midpoints of their box's sides, so objects touch if their boxes do. */
const reaching = ["circle", "square", "diamond", "ring", "cross"] as const;

function inContact(
  random: RandomStream,
  palette: readonly Colour[],
  vocabulary: SceneVocabulary,
): SceneObject[] {
  const possible = reaching.filter((shape) => vocabulary.shapes.includes(shape));
  const small = notLarge(vocabulary);
  if (possible.length === 0 || small.length === 0) return [];
  const make = (name: string, colour: Colour) => {
    const shape = possible[random.fork(name).fork("shape").integer(0, possible.length)]!;
    const size = small[random.fork(name).fork("size").integer(0, small.length)]!;
    return looks(random.fork(name), colour, vocabulary, { shape, size });
  };
  const first = make("first", palette[0]!);
  const second = make("second", palette[1]!);
  const reach = (first.extent + second.extent) / 2;
  const at = place(random, reach);
  const beside = random.fork("beside").uniform(0) < 0.6
    ? { x: at.x + reach, y: at.y }
    : { x: at.x, y: at.y + reach };
  return [{ ...first, ...at }, { ...second, ...beside }];
}

/** Sizes of which three fit in a row. */
function notLarge({ sizes }: SceneVocabulary): readonly Size[] {
  return sizes.filter((size) => size !== "large");
}

/** Three objects in a row or a column that do not touch. */
function inRow(
  random: RandomStream,
  palette: readonly Colour[],
  vocabulary: SceneVocabulary,
): SceneObject[] {
  const small = notLarge(vocabulary);
  if (small.length === 0) return [];
  const three = [0, 1, 2].map((i) => {
    const size = small[random.fork(i).fork("size").integer(0, small.length)]!;
    return looks(random.fork(i), palette[i]!, vocabulary, { size });
  });
  const across = random.fork("direction").uniform(0) < 0.7;
  const length = three.reduce((sum, { extent }) => sum + extent + 2 * GAP, 0);
  const start = place(random, 22);
  const room = (across ? canvasWidth : canvasHeight) - length - 2 * BORDER;
  let at = BORDER + random.fork("start").uniform(0) * Math.max(0, room);
  return three.map((object, i) => {
    const along = Math.round(at + GAP + object.extent / 2);
    at += object.extent + 2 * GAP;
    const off = random.fork("off").fork(i).integer(0, 9) - 4;
    return {
      ...object,
      ...(across ? { x: along, y: start.y + off } : { x: start.x + off, y: along }),
    };
  });
}

export function clashes(object: SceneObject, placed: readonly SceneObject[]): boolean {
  const [x1, y1, x2, y2] = boxOf(object);
  return !isInPicture(object) || placed.some((other) => {
    const [ox1, oy1, ox2, oy2] = boxOf(other);
    const apart = x1 >= ox2 + GAP || ox1 >= x2 + GAP || y1 >= oy2 + GAP || oy1 >= y2 + GAP;
    return !apart;
  });
}

function isInPicture(object: SceneObject): boolean {
  const [x1, y1, x2, y2] = boxOf(object);
  return x1 >= BORDER && y1 >= BORDER && x2 <= canvasWidth - BORDER && y2 <= canvasHeight - BORDER;
}
