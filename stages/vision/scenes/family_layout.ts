/** Families of scenes: the same objects in different arrangements. */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import {
  clashes,
  firstOf,
  leastRelations,
  type Looks,
  looks,
  place,
  type SceneOptions,
  triesPerObject,
} from "./layout.ts";
import { relationsOf } from "./relations.ts";
import type { SceneObject } from "./vocabulary.ts";

export interface FamilyOptions {
  /** Number of pictures in a family. */
  readonly pictures: number;
  /** Whether every second family has the objects of the one before it in exchanged colours. */
  readonly recoloured: boolean;
}

/**
 * A family of scenes: the same objects at the same indices, placed independently, so that what tells them
 * apart is how their objects are arranged. With `recoloured`, its kin too: a family with the same shapes
 * in exchanged colours, so that what tells the two apart is which colour belongs to which shape.
 */
export function layoutFamilies(
  random: RandomStream,
  { pictures, recoloured }: FamilyOptions,
  options: SceneOptions,
): SceneObject[][][] {
  const { mayHave = () => true, mayBe = () => true } = options;
  const kin = (objects: readonly Looks[]) =>
    recoloured ? [objects, inExchangedColours(objects)] : [objects];
  const differ = ([first, second]: readonly (readonly Looks[])[]) =>
    second === undefined || !sameObjects(first!, second);
  return firstOf(
    (choice) => {
      const own = random.fork("looks");
      const draws = choice === 0 ? own : own.fork("other").fork(choice);
      const families = kin(firstOf(
        (attempt) => drawLooks(draws.fork(attempt), options),
        (objects) => kin(objects).every(mayHave) && differ(kin(objects)),
      ));
      const scenes = families.map(() => [] as SceneObject[][]);
      for (const [family, objects] of families.entries()) {
        const places = family === 0 ? random.fork("picture") : random.fork("kin");
        for (let picture = 0; picture < pictures; picture++) {
          const scene = arranged(places.fork(picture), objects, mayBe);
          // Some objects are too large together, or hardly ever have something to say.
          if (scene === undefined) return undefined;
          scenes[family]!.push(scene);
        }
      }
      return scenes;
    },
    () => true,
    { attempts: 200 },
  );
}

/** Each object in the colour of the next one. */
function inExchangedColours(objects: readonly Looks[]): Looks[] {
  return objects.map((object, i) => ({
    ...object,
    colour: objects[(i + 1) % objects.length]!.colour,
  }));
}

function sameObjects(a: readonly Looks[], b: readonly Looks[]): boolean {
  const kinds = (objects: readonly Looks[]) =>
    objects.map(({ shape, colour, size, texture }) => [shape, colour, size, texture].join()).sort();
  return kinds(a).join(";") === kinds(b).join(";");
}

function drawLooks(
  random: RandomStream,
  { vocabulary, objects: { from, to } }: SceneOptions,
): Looks[] {
  const count = from + random.fork("count").integer(0, to - from + 1);
  const palette = random.fork("colours").shuffled(vocabulary.colours);
  return Array.from(
    { length: count },
    (_, i) => looks(random.fork("object").fork(i), palette[i]!, vocabulary),
  );
}

/**
 * One arrangement of the objects. If all are placed at once, all arrangements are equally likely; where
 * there is little room, they are placed one after the other.
 */
function arranged(
  random: RandomStream,
  objects: readonly Looks[],
  mayBe: (objects: readonly SceneObject[]) => boolean,
): SceneObject[] | undefined {
  for (let attempt = 0; attempt < 600; attempt++) {
    const scene = tryPlaces(random.fork(attempt), objects, attempt < 500 ? 1 : triesPerObject);
    if (scene !== undefined && relationsOf(scene).length >= leastRelations && mayBe(scene)) {
      return scene;
    }
  }
  return undefined;
}

/** Places for all objects, far enough apart. @param tries for each object */
function tryPlaces(
  random: RandomStream,
  objects: readonly Looks[],
  tries: number,
): SceneObject[] | undefined {
  const placed: SceneObject[] = [];
  for (const [i, object] of objects.entries()) {
    const own = random.fork(i);
    const at = (attempt: number) => ({
      ...object,
      ...place(attempt === 0 ? own : own.fork("again").fork(attempt), object.extent / 2),
    });
    let one = at(0);
    for (let attempt = 1; attempt < tries && clashes(one, placed); attempt++) one = at(attempt);
    if (clashes(one, placed)) return undefined;
    placed.push(one);
  }
  return placed;
}
