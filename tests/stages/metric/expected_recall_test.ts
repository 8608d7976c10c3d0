import assert from "node:assert/strict";
import fc from "fast-check";
import {
  chanceOfHit,
  expectedPairAccuracy,
  expectedRecall,
  type PossibleAnswers,
} from "../../../stages/metric/expected_recall.ts";
import { judgePair } from "../../../stages/metric/pair_accuracy.ts";

/** All orders of the items. */
function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, place) =>
    permutations(items.toSpliced(place, 1)).map((rest) => [item, ...rest])
  );
}

const orders = Array.from(
  { length: 7 },
  (_, count) => permutations(Array.from({ length: count }, (_, i) => i)),
);

/** The share of all orders of the possible answers, the first `correct` of which are correct, with a hit. */
function shareOfOrders({ possible, correct }: PossibleAnswers, k: number): number {
  const all = orders[possible]!;
  return all.filter((order) => order.slice(0, k).some((answer) => answer < correct)).length /
    all.length;
}

/** Products and sums of at most 8 fractions below 1: a few units in the last place. */
const tolerance = 16 * Number.EPSILON;

Deno.test("chanceOfHit(): worked examples", () => {
  const chance = (possible: number, correct: number, k: number) =>
    chanceOfHit({ direction: "t2i", possible, correct }, k);
  assert.equal(chance(1, 1, 1), 1);
  assert.equal(chance(4, 1, 1), 1 / 4);
  assert.equal(chance(4, 1, 4), 1);
  // Of 6 pairs out of 4 answers, 1 has none of the two correct ones.
  assert.ok(Math.abs(chance(4, 2, 2) - 5 / 6) < tolerance);
  assert.equal(chance(4, 2, 3), 1);
  assert.equal(chance(3, 3, 1), 1);
  assert.equal(chance(2, 1, 10), 1, "more places than answers");
});

Deno.test("chanceOfHit() is the share of all orders of the possible answers that have a hit", () => {
  for (let possible = 1; possible < orders.length; possible++) {
    for (let correct = 1; correct <= possible; correct++) {
      for (let k = 1; k <= possible + 1; k++) {
        const query = { direction: "i2t" as const, possible, correct };
        const difference = chanceOfHit(query, k) - shareOfOrders(query, k);
        assert.ok(Math.abs(difference) < tolerance, `${possible} ${correct} ${k}`);
      }
    }
  }
});

Deno.test("chanceOfHit() grows with K and with correct answers, and falls with possible ones", () => {
  const size = fc.integer({ min: 1, max: 300 });
  fc.assert(fc.property(size, size, size, (a, b, k) => {
    const query = { direction: "t2i" as const, possible: Math.max(a, b), correct: Math.min(a, b) };
    const chance = chanceOfHit(query, k);
    assert.ok(chance > 0 && chance <= 1);
    assert.ok(chanceOfHit(query, k + 1) >= chance);
    assert.ok(chanceOfHit({ ...query, possible: query.possible + 1 }, k) <= chance);
    if (query.correct < query.possible) {
      assert.ok(chanceOfHit({ ...query, correct: query.correct + 1 }, k) >= chance);
    }
    // 1 - C(m - r, 1) / C(m, 1)
    const one = query.correct / query.possible;
    assert.ok(Math.abs(chanceOfHit(query, 1) - one) < tolerance);
  }));
});

Deno.test("expectedRecall() is the mean over the queries of each direction; rsum sums R@1, 5 and 10", () => {
  const queries: PossibleAnswers[] = [
    { direction: "t2i", possible: 4, correct: 1 },
    { direction: "t2i", possible: 1, correct: 1 },
    { direction: "i2t", possible: 20, correct: 5 },
  ];
  const metrics = expectedRecall(queries, { recallAt: [1, 2] });
  const miss5 = (15 * 14 * 13 * 12 * 11) / (20 * 19 * 18 * 17 * 16);
  const miss10 = miss5 * (10 * 9 * 8 * 7 * 6) / (15 * 14 * 13 * 12 * 11);
  const expected = {
    i2t_r1: 5 / 20,
    i2t_r2: 1 - (15 / 20) * (14 / 19),
    t2i_r1: (1 / 4 + 1) / 2,
    t2i_r2: (2 / 4 + 1) / 2,
    rsum: 5 / 20 + (1 - miss5) + (1 - miss10) + 5 / 8 + 1 + 1,
  };
  assert.deepEqual(Object.keys(metrics).sort(), Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    // Of up to 6 terms.
    assert.ok(Math.abs(metrics[name]! - value) < 6 * tolerance, name);
  }
});

Deno.test("with a prefix, the names have it, and there is no sum", () => {
  const queries = (["i2t", "t2i"] as const).map((direction) => ({
    direction,
    possible: 2,
    correct: 1,
  }));
  assert.deepEqual(expectedRecall(queries, { recallAt: [1], prefix: "positives_" }), {
    positives_i2t_r1: 1 / 2,
    positives_t2i_r1: 1 / 2,
  });
});

Deno.test("expectedPairAccuracy(): scores that say nothing are guesses, and one that knows both passes", () => {
  assert.deepEqual(expectedPairAccuracy({ s00: 0, s01: 0, s10: 0, s11: 0 }), {
    text: 1 / 4,
    image: 1 / 4,
    group: 1 / 6,
  });
  assert.deepEqual(expectedPairAccuracy({ s00: 1, s01: 0, s10: 0, s11: 1 }), {
    text: 1,
    image: 1,
    group: 1,
  });
  // Caption 0 is possible for both images, caption 1 for its own alone: image 0 has its caption, image 1 has
  // it in half of the orders; caption 1 has its image, caption 0 in half of the orders.
  const known = expectedPairAccuracy({ s00: 1, s01: 1, s10: 0, s11: 1 });
  assert.deepEqual([known.text, known.image], [1 / 2, 1 / 2]);
  // s01 is below both s00 and s11: 2 of 6 orders.
  assert.equal(known.group, 1 / 3);
});

Deno.test("expectedPairAccuracy() is the mean over tiny distinct additions to the scores, in all orders", () => {
  const score = fc.integer({ min: 0, max: 2 });
  const all = orders[4]!;
  fc.assert(fc.property(score, score, score, score, (s00, s01, s10, s11) => {
    const judged = all.map(([a, b, c, d]) =>
      judgePair({
        s00: s00 + a! / 100,
        s01: s01 + b! / 100,
        s10: s10 + c! / 100,
        s11: s11 + d! / 100,
      })
    );
    const share = (passes: (one: ReturnType<typeof judgePair>) => boolean) =>
      judged.filter(passes).length / 24;
    assert.deepEqual(expectedPairAccuracy({ s00, s01, s10, s11 }), {
      text: share(({ textRight }) => textRight),
      image: share(({ imageRight }) => imageRight),
      group: share(({ groupRight }) => groupRight),
    });
  }));
});
