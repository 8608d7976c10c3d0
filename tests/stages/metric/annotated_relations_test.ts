import fc from "fast-check";
import assert from "node:assert/strict";
import {
  annotatedDistance,
  type AnnotatedObject,
  objectRelation,
} from "../../../stages/metric/annotated_relations.ts";
import {
  selfAttentionDistance,
  type SquareMatrix,
} from "../../../stages/metric/self_attention_distance.ts";

const matrix = (...rows: number[][]): SquareMatrix => ({ size: rows.length, values: rows.flat() });
const near = (actual: number | undefined, expected: number, within = 1e-12) =>
  assert.ok(Math.abs(actual! - expected) <= within, `${actual}, expected ${expected}`);

Deno.test("m-KL of two rows each, by hand", () => {
  const a = matrix([0.5, 0.5], [1, 0]), b = matrix([0.25, 0.75], [1, 0]);
  // Row 0: 0.5 log 2 + 0.5 log(2/3) + 0.25 log(1/2) + 0.75 log(3/2); row 1: 0.
  near(selfAttentionDistance(a, b), (0.25 * Math.log(2) + 0.25 * Math.log(1.5)) / 2);
  assert.throws(() => selfAttentionDistance(a, matrix([1])), RangeError);
});

const words = matrix(
  [0.1, 0.3, 0.4, 0.2],
  [0.3, 0.3, 0.2, 0.2],
  [0.2, 0.1, 0.3, 0.4],
  [0.25, 0.25, 0.25, 0.25],
);
const regions = matrix([0.2, 0.3, 0.5], [0.6, 0.1, 0.3], [0.1, 0.1, 0.8]);
/** "a man" (words 0, 1; region 2) and "hat" (word 3; regions 0, 1). */
const objects: AnnotatedObject[] = [
  { tokens: [0, 1], regions: [2] },
  { tokens: [3], regions: [0, 1] },
];

Deno.test("attention between objects is the mean over positions of one of the sum over positions of the other", () => {
  // man -> man: mean(0.1 + 0.3, 0.3 + 0.3) = 0.5, man -> hat: mean(0.2, 0.2) = 0.2
  // hat -> man: 0.25 + 0.25 = 0.5, hat -> hat: 0.25
  const relation = objectRelation(words, objects.map(({ tokens }) => tokens));
  [0.5 / 0.7, 0.2 / 0.7, 0.5 / 0.75, 0.25 / 0.75].forEach((expected, at) =>
    near(relation.values[at], expected)
  );
  // man -> man: 0.8, man -> hat: 0.1 + 0.1
  // hat -> man: mean(0.5, 0.3) = 0.4, hat -> hat: mean(0.2 + 0.3, 0.6 + 0.1) = 0.6
  const shown = objectRelation(regions, objects.map((object) => object.regions));
  [0.8, 0.2, 0.4, 0.6].forEach((expected, at) => near(shown.values[at], expected));

  const kl = (p: number, q: number) => (p - q) * Math.log(p / q);
  const rows = [kl(5 / 7, 0.8) + kl(2 / 7, 0.2), kl(2 / 3, 0.4) + kl(1 / 3, 0.6)];
  near(annotatedDistance({ tokens: words, regions }, objects), (rows[0]! + rows[1]!) / 2);
});

Deno.test("uniform attention has distance 0 if the shares of words and of regions agree", () => {
  const even = (size: number) => ({ size, values: new Array(size * size).fill(1 / size) });
  const own = { tokens: even(4), regions: even(3) };
  const alike = [{ tokens: [0, 1], regions: [0] }, { tokens: [2, 3], regions: [1] }];
  near(annotatedDistance(own, alike), 0);
  // Two words of three, one region of two.
  const rows = (2 / 3 - 1 / 2) * Math.log(4 / 3) + (1 / 3 - 1 / 2) * Math.log(2 / 3);
  near(annotatedDistance(own, [alike[0]!, { tokens: [2], regions: [1] }]), rows);
});

Deno.test("fewer than two objects have no distance", () => {
  const own = { tokens: words, regions };
  assert.equal(annotatedDistance(own, []), undefined);
  assert.equal(annotatedDistance(own, objects.slice(0, 1)), undefined);
});

Deno.test("a row without attention to objects becomes uniform; a position outside the relation is a bug", () => {
  const blind = matrix([0, 0, 1], [0.5, 0.5, 0], [0, 0, 1]);
  assert.deepEqual([...objectRelation(blind, [[0], [1]]).values as Float64Array], [
    0.5,
    0.5,
    0.5,
    0.5,
  ]);
  assert.throws(
    () => objectRelation(blind, [[0], [3]]),
    /position 3 of a relation over 3 positions/,
  );
});

/** Rows of positive weights that sum to 1. */
const relationOf = (size: number) =>
  fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), {
    minLength: size ** 2,
    maxLength: size ** 2,
  })
    .map((weights): SquareMatrix => ({
      size,
      values: weights.map((weight, at) => {
        const start = at - at % size;
        return weight / weights.slice(start, start + size).reduce((sum, x) => sum + x, 0);
      }),
    }));
const placesOf = (size: number) =>
  fc.uniqueArray(fc.nat({ max: size - 1 }), { minLength: 1, maxLength: 3 });
const annotated = fc.record({
  tokens: relationOf(7),
  regions: relationOf(5),
  objects: fc.array(fc.record({ tokens: placesOf(7), regions: placesOf(5) }), {
    minLength: 2,
    maxLength: 5,
  }),
});

Deno.test("rows of objects' relations sum to 1, with or without overlapping positions", () => {
  fc.assert(fc.property(annotated, ({ tokens, objects }) => {
    const { size, values } = objectRelation(tokens, objects.map((object) => object.tokens));
    assert.equal(size, objects.length);
    for (let row = 0; row < size; row++) {
      let sum = 0;
      for (let column = 0; column < size; column++) sum += values[row * size + column]!;
      near(sum, 1);
    }
  }));
});

Deno.test("identical relations have distance 0, others a larger one; the distance is symmetric", () => {
  fc.assert(fc.property(annotated, ({ tokens, regions, objects }) => {
    const same = objects.map((object) => ({ tokens: object.tokens, regions: object.tokens }));
    assert.equal(annotatedDistance({ tokens, regions: tokens }, same), 0);
    const distance = annotatedDistance({ tokens, regions }, objects)!;
    assert.ok(distance >= 0 && Number.isFinite(distance));
    const swapped = objects.map((object) => ({ tokens: object.regions, regions: object.tokens }));
    near(annotatedDistance({ tokens: regions, regions: tokens }, swapped), distance);
  }));
});

Deno.test("the order of objects and of words does not matter", () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 });
  const shuffled = annotated.chain((pair) =>
    fc.tuple(
      fc.constant(pair),
      order,
      fc.shuffledSubarray(pair.objects, { minLength: pair.objects.length }),
    )
  );
  fc.assert(fc.property(shuffled, ([{ tokens, regions, objects }, places, others]) => {
    const distance = annotatedDistance({ tokens, regions }, objects)!;
    near(annotatedDistance({ tokens, regions }, others), distance, 1e-9);
    // Word p is at places[p] now.
    const values = new Float64Array(49);
    for (let from = 0; from < 7; from++) {
      for (let to = 0; to < 7; to++) {
        values[places[from]! * 7 + places[to]!] = tokens.values[from * 7 + to]!;
      }
    }
    const moved = objects.map((object) => ({
      tokens: object.tokens.map((place) => places[place]!),
      regions: object.regions,
    }));
    near(annotatedDistance({ tokens: { size: 7, values }, regions }, moved), distance, 1e-9);
  }));
});

Deno.test("if all words and regions are annotated, as one object each, ISDa is the m-KL of the matrices", () => {
  fc.assert(fc.property(relationOf(4), relationOf(4), (tokens, regions) => {
    const each = [0, 1, 2, 3].map((place) => ({ tokens: [place], regions: [place] }));
    near(
      annotatedDistance({ tokens, regions }, each),
      selfAttentionDistance(tokens, regions),
      1e-9,
    );
  }));
});
