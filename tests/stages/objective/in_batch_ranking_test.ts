import * as tf from "@tensorflow/tfjs-core";
import { inBatchRankingLoss } from "../../../stages/objective/in_batch_ranking.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const entropy = (own: number, others: number[]) =>
  Math.log(1 + others.reduce((sum, other) => sum + Math.exp(other - own), 0));

tensorTest(
  "inBatchRankingLoss() is the mean cross entropy both ways; captions of one picture are no rivals",
  () => {
    const s = [[0.5, -1.2, 2], [0.1, 0.3, -0.7], [1.1, 0.4, -0.2]];
    // Rows 0 and 2 show the same picture.
    const expected = [
      entropy(0.5, [-1.2]) + entropy(0.5, [0.1]),
      entropy(0.3, [0.1, -0.7]) + entropy(0.3, [-1.2, 0.4]),
      entropy(-0.2, [0.4]) + entropy(-0.2, [-0.7]),
    ].reduce((sum, one) => sum + one) / 6;
    const loss = inBatchRankingLoss(tf.tensor2d(s), tf.tensor1d([7, 4, 7], "int32"));
    assertClose(loss, [expected], 1e-5);
  },
);
