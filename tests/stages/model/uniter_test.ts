/** Laws of the encoder that hold for any weights. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { wordLogits } from "../../../stages/model/heads.ts";
import { deviceRandom } from "../../../stages/model/keyed_random.ts";
import { encodePairs, pairScores, pooledPairs } from "../../../stages/model/uniter.ts";
import { rankScores } from "../../../stages/model/heads.ts";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import {
  batchOf,
  loosePairs,
  smallConfiguration,
  smallWeights,
} from "../../support/small_model.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const config = smallConfiguration;
const size = fc.record({
  words: fc.integer({ min: 3, max: 11 }),
  regions: fc.integer({ min: 1, max: 7 }),
});
const problems = fc.record({
  seed: fc.nat(),
  sizes: fc.array(size, { minLength: 1, maxLength: 3 }),
});
const runs = { numRuns: 15 };

tensorTest("a pair's score does not depend on its batch or on the values in padding", () => {
  fc.assert(
    fc.property(
      problems,
      fc.integer({ min: 0, max: 5 }),
      fc.double({ min: -9, max: 9, noNaN: true }),
      ({ seed, sizes }, extra, filling) => {
        tf.tidy(() => {
          const weights = smallWeights(seed);
          const pairs = loosePairs(seed, sizes);
          const together = pairScores(weights, config, batchOf(weights, pairs, { extra, filling }));
          const alone = pairs.map((pair) =>
            pairScores(weights, config, batchOf(weights, [pair])).dataSync()[0]!
          );
          assertClose(together, alone, 1e-5, "scores");
        });
      },
    ),
    runs,
  );
});

tensorTest(
  "computing the last layer only for [CLS] does not change score and entering states",
  () => {
    fc.assert(
      fc.property(problems, ({ seed, sizes }) => {
        tf.tidy(() => {
          const weights = smallWeights(seed);
          const batch = batchOf(weights, loosePairs(seed, sizes));
          const full = encodePairs(weights, config, batch, { keep: "all" });
          const short = encodePairs(weights, config, batch, { keep: "cls" });
          assertClose(
            rankScores(weights, pooledPairs(weights, short)),
            rankScores(weights, pooledPairs(weights, full)),
            1e-5,
            "scores",
          );
          assertClose(short.entering.at(-1)!, full.entering.at(-1)!, 0, "entering states");
          const words = encodePairs(weights, config, batch, { keep: "words" });
          const shape = words.last.shape as [number, number, number];
          assert.equal(shape[1], batch.wordMask.shape[1]);
          assertClose(
            words.last,
            tf.slice(full.last, [0, 0, 0], shape),
            1e-5,
            "words",
          );
        });
      }),
      runs,
    );
  },
);

tensorTest(
  "the score does not depend on the order of the regions, but on that of the words",
  () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        tf.tidy(() => {
          const weights = smallWeights(seed);
          const [pair] = loosePairs(seed, [{ words: 11, regions: 5 }]);
          const score = (given: typeof pair) =>
            pairScores(weights, config, batchOf(weights, [given!])).dataSync()[0]!;
          const order = randomStream(seed).shuffled([0, 1, 2, 3, 4]);
          const moved = {
            ...pair!,
            features: order.map((at) => pair!.features[at]!),
            boxes: order.map((at) => pair!.boxes[at]!),
          };
          assertClose([score(moved)], [score(pair)], 1e-5, "scores");
          const reversed = { ...pair!, tokens: pair!.tokens.toReversed() };
          assert.notEqual(score(reversed), score(pair));
        });
      }),
      runs,
    );
  },
);

tensorTest("dropout depends on its key: equal keys give equal scores, other keys others", () => {
  const weights = smallWeights(5);
  const pairs = loosePairs(5, [{ words: 7, regions: 3 }, { words: 5, regions: 2 }]);
  const scores = (step: number) => {
    const random = deviceRandom(tf.tensor1d([...randomStream(1).fork(step).key], "int32"));
    const batch = batchOf(weights, pairs, { random });
    return Array.from(pairScores(weights, config, batch, { random }).dataSync());
  };
  assert.deepEqual(scores(1), scores(1));
  assert.notDeepEqual(scores(1), scores(2));
  const still = pairScores(weights, config, batchOf(weights, pairs));
  assert.notDeepEqual(scores(1), Array.from(still.dataSync()));
});

tensorTest("word logits are tied to the word embeddings", () => {
  const weights = smallWeights(3);
  const hidden = tf.ones([5, config.hidden_size]);
  const logits = wordLogits(weights, hidden);
  assert.deepEqual(logits.shape, [5, config.vocab_size]);
  const name = "uniter.embeddings.word_embeddings.weight";
  const silent = { ...weights, [name]: tf.zerosLike(weights[name]!) };
  assertClose(
    wordLogits(silent, hidden),
    tf.tile(weights["cls.predictions.bias"]!, [5]),
    0,
    "bias",
  );
});

tensorTest("lookups train the words of the text, never the padding token", () => {
  const weights = smallWeights(7);
  const name = "uniter.embeddings.word_embeddings.weight";
  const pairs = loosePairs(7, [{ words: 11, regions: 2 }, { words: 5, regions: 3 }]);
  const gradient = tf.grad((table: tf.Tensor) => {
    const given = { ...weights, [name]: table };
    const { last } = encodePairs(given, config, batchOf(given, pairs), { keep: "all" });
    return tf.sum(tf.square(last)); // includes padded rows
  })(weights[name]!);
  const rows = gradient.arraySync() as number[][];
  const trained = new Set(pairs.flatMap((pair) => pair.tokens));
  for (const [token, row] of rows.entries()) {
    assert.equal(row.some((value) => value !== 0), trained.has(token), `token ${token}`);
  }
});

tensorTest("a checkpoint without a needed tensor is an error that names it", () => {
  const { ["uniter.pooler.dense.bias"]: _, ...weights } = smallWeights(1);
  const batch = batchOf(weights, loosePairs(1, [{ words: 3, regions: 1 }]));
  assert.throws(
    () => pairScores(weights, config, batch),
    (error) =>
      error instanceof Complaint &&
      error.what === "the checkpoint has no tensor `uniter.pooler.dense.bias`",
  );
});
