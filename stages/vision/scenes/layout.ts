/** Chooses the objects of a scene and their positions. */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import { relationsOf } from "./relations.ts";
import {
  boxOf,
  canvasHeight,
  canvasWidth,
  type Colour,
  colours,
  extents,
  type SceneObject,
  type Shape,
  shapes,
  type Size,
  sizes,
  type Texture,
  textures,
} from "./vocabulary.ts";

/** Smallest distance between unrelated objects, in pixels. */
const GAP = 7;
/** Smallest distance to the picture's border, in pixels. */
const BORDER = 4;

/**
 * 3 to 6 objects with at least two relations; some scenes have one object inside another, some two that touch,
 * some three in a row.
 */
export function layoutScene(random: RandomStream): SceneObject[] {
  for (let attempt = 0;; attempt++) {
    const objects = tryLayout(random.fork("attempt").fork(attempt));
    if (objects !== undefined && relationsOf(objects).length >= 2) return objects;
  }
}

function tryLayout(random: RandomStream): SceneObject[] | undefined {
  const count = 3 + random.fork("count").integer(0, 4);
  const palette = random.fork("colours").shuffled(colours); // no colour is used twice in a scene
  const placed: SceneObject[] = [];
  const special = random.fork("special").uniform(0);
  if (special < 0.22) placed.push(...contained(random.fork("inside"), palette));
  else if (special < 0.44) placed.push(...inContact(random.fork("touching"), palette));
  else if (special < 0.6) placed.push(...inRow(random.fork("row"), palette));
  for (let tries = 0; placed.length < count && tries < 60; tries++) {
    const own = random.fork("object").fork(tries);
    const object = { ...looks(own, palette[placed.length]!), ...place(own, 0) };
    if (!clashes(object, placed)) placed.push(object);
  }
  const inPicture = placed.every((object) => isInPicture(object));
  return placed.length === count && inPicture ? placed : undefined;
}

interface Looks {
  readonly shape: Shape;
  readonly colour: Colour;
  readonly size: Size;
  readonly texture: Texture;
  readonly extent: number;
}

function looks(random: RandomStream, colour: Colour, fixed: Partial<Looks> = {}): Looks {
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
function place(random: RandomStream, half: number): { x: number; y: number } {
  const along = (purpose: string, length: number) => {
    const room = length - 2 * (half + BORDER);
    return Math.round(half + BORDER + random.fork(purpose).uniform(0) * room);
  };
  return { x: along("x", canvasWidth), y: along("y", canvasHeight) };
}

/** A small object in the middle of a large plain one, or in the hole of a ring. */
function contained(random: RandomStream, palette: readonly Colour[]): SceneObject[] {
  const shape = (["ring", "square", "circle"] as const)[random.fork("shape").integer(0, 3)]!;
  const outer = looks(random.fork("outer"), palette[0]!, {
    shape,
    size: "large",
    texture: "plain",
  });
  const at = place(random, outer.extent / 2);
  const inner = looks(random.fork("inner"), palette[1]!, { size: "small" });
  return [{ ...outer, ...at }, { ...inner, ...at, extent: Math.min(inner.extent, 20) }];
}

/** Shapes that reach the midpoints of their box's sides, so objects touch if their boxes do. */
const reaching = ["circle", "square", "diamond", "ring", "cross"] as const;

function inContact(random: RandomStream, palette: readonly Colour[]): SceneObject[] {
  const make = (name: string, colour: Colour) => {
    const shape = reaching[random.fork(name).fork("shape").integer(0, reaching.length)]!;
    const size = (["small", "medium"] as const)[random.fork(name).fork("size").integer(0, 2)]!;
    return looks(random.fork(name), colour, { shape, size });
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

/** Three objects in a row or a column that do not touch. */
function inRow(random: RandomStream, palette: readonly Colour[]): SceneObject[] {
  const three = [0, 1, 2].map((i) => {
    const size = (["small", "medium"] as const)[random.fork(i).fork("size").integer(0, 2)]!;
    return looks(random.fork(i), palette[i]!, { size });
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

function clashes(object: SceneObject, placed: readonly SceneObject[]): boolean {
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
