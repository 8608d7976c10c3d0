import * as tf from "@tensorflow/tfjs-core";
import { branchContrast } from "../../../stages/objective/branch_contrast.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const unit = (angle: number) => [Math.cos(angle), Math.sin(angle)];
const entropy = (own: number, others: number[]) =>
  Math.log(1 + others.reduce((sum, other) => sum + Math.exp(other - own), 0));

tensorTest(
  "branchContrast() is the mean cross entropy both ways; captions of one picture are no rivals",
  () => {
    const [texts, pictures] = [[0.2, 1.5, 2.8], [0, 1, 0]];
    const s = texts.map((text) => pictures.map((picture) => Math.cos(text - picture) / 0.25));
    // Rows 0 and 2 show the same picture.
    const expected = [
      entropy(s[0]![0]!, [s[0]![1]!]) + entropy(s[0]![0]!, [s[1]![0]!]),
      entropy(s[1]![1]!, [s[1]![0]!, s[1]![2]!]) + entropy(s[1]![1]!, [s[0]![1]!, s[2]![1]!]),
      entropy(s[2]![2]!, [s[2]![1]!]) + entropy(s[2]![2]!, [s[1]![2]!]),
    ].reduce((sum, one) => sum + one) / 6;
    const { loss, cosines } = branchContrast({
      texts: tf.tensor2d(texts.map(unit)),
      pictures: tf.tensor2d(pictures.map(unit)),
      shown: tf.tensor1d([7, 4, 7], "int32"),
    }, { temperature: 0.25 });
    assertClose(loss, [expected], 1e-5);
    assertClose(cosines, s.flat().map((score) => score * 0.25), 1e-6);
  },
);
