/** Congruence against numbers from another implementation of CACR's formula (congruence/make.py). */
import * as tf from "@tensorflow/tfjs-core";
import { alignmentLosses, congruence, type Modality } from "../../stages/objective/alignment.ts";
import { inDoubles } from "../support/double_oracle.ts";
import { assertClose, tensorTest } from "../support/tensor_test.ts";
import expected from "./congruence/expected.json" with { type: "json" };

const names = ["S_LL", "S_VV", "S_LV", "S_VL"] as const;
type Matrices = Readonly<Partial<Record<typeof names[number], number[][]>>>;
const sides = [["L", "text"], ["V", "image"]] as const satisfies [string, Modality][];

for (const [place, { matrices, loss, gradients }] of expected.examples.entries()) {
  const [words, regions] = [matrices.S_LL.length, matrices.S_VV.length];
  for (const [side, modality] of sides) {
    const of = `${side} of ${words} words and ${regions} regions (example ${place})`;
    tensorTest(`congruence and its gradients are those of CACR's formula: ${of}`, () => {
      const [value, ...made] = inDoubles(() => {
        const { value, grads } = tf.valueAndGrads((...[ll, vv, lv, vl]: tf.Tensor[]) => {
          const blocks = {
            tokenToToken: ll!,
            regionToRegion: vv!,
            tokenToRegion: lv!,
            regionToToken: vl!,
            tokenMask: tf.ones([1, words]),
            regionMask: tf.ones([1, regions]),
          };
          // tfjs refuses gradients of unused inputs.
          const unused = tf.addN([ll!, vv!, lv!, vl!].map((x) => tf.mul(tf.sum(x), 0)));
          return tf.add(tf.sum(alignmentLosses(blocks, congruence, modality)), unused);
        })(names.map((name) => tf.tensor3d([matrices[name]])));
        return [value, ...grads].map((tensor) => Array.from(tensor.dataSync()));
      });
      assertClose(value!, [loss[side]], 1e-13, "loss");
      const wanted: Matrices = gradients[side];
      names.forEach((name, at) => {
        const expected = wanted[name]?.flat() ?? made[at]!.map(() => 0);
        assertClose(made[at]!, expected, 1e-13, `d ${side} / d ${name}`);
      });
    });
  }
}
