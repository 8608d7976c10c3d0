import assert from "node:assert/strict";
import fc from "fast-check";
import { type RandomStream, randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { layoutFamilies } from "../../../../stages/vision/scenes/family_layout.ts";
import type { SceneOptions } from "../../../../stages/vision/scenes/layout.ts";
import { relationsOf } from "../../../../stages/vision/scenes/relations.ts";
import {
  boxOf,
  canvasHeight,
  canvasWidth,
  type SceneObject,
  vocabularyOf,
} from "../../../../stages/vision/scenes/vocabulary.ts";

/** One family, without kin. */
const layoutFamily = (random: RandomStream, pictures: number, options: SceneOptions) =>
  layoutFamilies(random, { pictures, recoloured: false }, options)[0]!;

const sceneOptions = (
  { from, to, ...size }: Partial<Record<"shapes" | "colours" | "sizes" | "textures", number>> & {
    readonly from: number;
    readonly to: number;
  },
): SceneOptions => ({
  vocabulary: vocabularyOf({ shapes: 8, colours: 8, sizes: 3, textures: 4, ...size }),
  objects: { from, to },
});

const anyOptions = fc.constantFrom(
  sceneOptions({ from: 2, to: 2, shapes: 2, colours: 2, sizes: 1, textures: 1 }),
  sceneOptions({ from: 2, to: 3, shapes: 4, colours: 4, sizes: 1, textures: 1 }),
  sceneOptions({ from: 3, to: 6 }),
);

const looksOf = ({ x: _x, y: _y, ...looks }: SceneObject) => looks;
/** Pixels between two boxes along the axis where they are farther apart; below 0 where they overlap. */
function distance(a: SceneObject, b: SceneObject): number {
  const [ax1, ay1, ax2, ay2] = boxOf(a);
  const [bx1, by1, bx2, by2] = boxOf(b);
  return Math.max(ax1 - bx2, bx1 - ax2, ay1 - by2, by1 - ay2);
}

function assertWellPlaced(objects: readonly SceneObject[]): void {
  objects.forEach((object, i) => {
    const [x1, y1, x2, y2] = boxOf(object);
    assert.ok(x1 >= 4 && y1 >= 4 && x2 <= canvasWidth - 4 && y2 <= canvasHeight - 4);
    for (const other of objects.slice(i + 1)) assert.ok(distance(object, other) >= 7);
  });
  assert.ok(relationsOf(objects).length >= 2);
}

Deno.test("a family has the same objects at the same indices, well placed in every picture", () => {
  fc.assert(
    fc.property(
      fc.nat(1e9),
      anyOptions,
      fc.integer({ min: 2, max: 5 }),
      (seed, options, pictures) => {
        const family = layoutFamily(randomStream(seed), pictures, options);
        assert.equal(family.length, pictures);
        const [first] = family;
        const { from, to } = options.objects;
        assert.ok(first!.length >= from && first!.length <= to);
        assert.equal(new Set(first!.map(({ colour }) => colour)).size, first!.length);
        for (const objects of family) {
          assert.deepEqual(objects.map(looksOf), first!.map(looksOf));
          assertWellPlaced(objects);
        }
        assert.equal(new Set(family.map((objects) => JSON.stringify(objects))).size, pictures);
      },
    ),
    { numRuns: 60, seed: 3 },
  );
});

Deno.test("where there is room, a family's first pictures do not depend on how many there are", () => {
  const options = sceneOptions({ from: 3, to: 4 });
  const [two, five] = [2, 5].map((pictures) => layoutFamily(randomStream(8), pictures, options));
  assert.deepEqual(five!.slice(0, 2), two);
});

Deno.test("a family has only objects and arrangements that are accepted", () => {
  const options = sceneOptions({ from: 2, to: 3 });
  const isLeft = ([first, second]: readonly SceneObject[]) => first!.x < second!.x;
  for (let seed = 0; seed < 20; seed++) {
    const family = layoutFamily(randomStream(seed), 3, {
      ...options,
      mayHave: (objects) => objects.some(({ shape }) => shape === "star"),
      mayBe: isLeft,
    });
    for (const objects of family) {
      assert.ok(objects.some(({ shape }) => shape === "star"));
      assert.ok(isLeft(objects));
    }
  }
});

Deno.test("where there is little room, objects are placed one by one; objects that do not fit are not chosen", () => {
  const crowded = layoutFamily(randomStream(1), 2, sceneOptions({ from: 8, to: 8, sizes: 1 }));
  for (const objects of crowded) {
    assert.equal(objects.length, 8);
    assertWellPlaced(objects);
  }
  // The first objects drawn by this stream are so large that there is no room for all of them.
  const family = layoutFamily(randomStream(2), 4, sceneOptions({ from: 5, to: 5 }));
  for (const objects of family) assertWellPlaced(objects);
});

Deno.test("a family of which no arrangement is accepted is an error with a fix", () => {
  const never = { ...sceneOptions({ from: 2, to: 2 }), mayBe: () => false };
  assert.throws(() => layoutFamily(randomStream(1), 2, never), (error) => {
    assert.equal(
      String(error),
      "error: no acceptable scene was found in 200 attempts: too many objects, or of too few kinds\n" +
        "fix: use fewer `objects`, or a larger vocabulary (`shapes`, `colours`, `sizes`, `textures`)",
    );
    return true;
  });
});

Deno.test("kin have the same shapes and colours, combined otherwise", () => {
  const options = sceneOptions({ from: 2, to: 4, shapes: 4, colours: 4, sizes: 1, textures: 1 });
  const bindings = (objects: readonly SceneObject[]) =>
    objects.map(({ shape, colour }) => `${colour} ${shape}`).sort();
  const sorted = (objects: readonly SceneObject[], name: "shape" | "colour") =>
    objects.map((object) => object[name]).sort();
  for (let seed = 0; seed < 20; seed++) {
    const [first, second, ...more] = layoutFamilies(
      randomStream(seed),
      { pictures: 3, recoloured: true },
      options,
    );
    assert.equal(more.length, 0);
    for (const family of [first!, second!]) {
      assert.equal(family.length, 3);
      for (const scene of family) assert.deepEqual(bindings(scene), bindings(family[0]!));
    }
    const [a, b] = [first![0]!, second![0]!];
    for (const name of ["shape", "colour"] as const) {
      assert.deepEqual(sorted(a, name), sorted(b, name));
    }
    assert.notDeepEqual(bindings(a), bindings(b));
  }
});
