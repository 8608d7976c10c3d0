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

/**
 * Scenes with the same objects at the same indices, placed independently: what tells them apart is how
 * their objects are arranged.
 */
export function layoutFamily(
  random: RandomStream,
  pictures: number,
  options: SceneOptions,
): SceneObject[][] {
  const { mayHave = () => true, mayBe = () => true } = options;
  return firstOf(
    (choice) => {
      const own = random.fork("looks");
      const draws = choice === 0 ? own : own.fork("other").fork(choice);
      const common = firstOf((attempt) => drawLooks(draws.fork(attempt), options), mayHave);
      const scenes = [];
      for (let picture = 0; picture < pictures; picture++) {
        const scene = arranged(random.fork("picture").fork(picture), common, mayBe);
        // Some objects are too large together, or hardly ever have something to say.
        if (scene === undefined) return undefined;
        scenes.push(scene);
      }
      return scenes;
    },
    () => true,
    { attempts: 200 },
  );
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
