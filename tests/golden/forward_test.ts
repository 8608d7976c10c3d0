/** The forward pass against the published release, value by value. */
import * as tf from "@tensorflow/tfjs-core";
import { maskedKeys } from "../../stages/model/attention.ts";
import { embedImage, embedText } from "../../stages/model/embeddings.ts";
import { encoderLayer } from "../../stages/model/encoder_layer.ts";
import { matchLogits } from "../../stages/model/heads.ts";
import { encodePairs, pairScores, pooledPairs } from "../../stages/model/uniter.ts";
import { weightsOnDevice } from "../../stages/model/weights.ts";
import {
  goldenCheckpoint,
  goldenConfiguration,
  goldenForward,
  goldenTolerance,
} from "../support/goldens.ts";
import { assertClose, tensorTest } from "../support/tensor_test.ts";

const tolerance = goldenTolerance();
const config = goldenConfiguration();
const checkpoint = await goldenCheckpoint();

for (const { prefix, array } of goldenForward()) {
  /** One recorded array as a batch of one. */
  const batchOf = (name: string, type: "float32" | "int32" = "float32") => {
    const { shape, values } = array(name);
    return tf.tensor(values, [1, ...shape], type);
  };
  const embedded = () => {
    const weights = weightsOnDevice(checkpoint);
    const tokens = batchOf("input_ids", "int32");
    const features = batchOf("img_feat");
    const textEmbedding = embedText(weights, config, tokens);
    const imageEmbedding = embedImage(weights, config, {
      features,
      boxes: batchOf("img_pos_feat"),
    });
    return {
      weights,
      batch: {
        textEmbedding,
        imageEmbedding,
        wordMask: tf.ones([1, tokens.shape[1]!]),
        regionMask: tf.ones([1, features.shape[1]!]),
      },
    };
  };

  tensorTest(`embeddings agree with the release (${prefix})`, () => {
    const { batch } = embedded();
    assertClose(batch.textEmbedding, array("txt_emb").values, tolerance, "text embeddings");
    assertClose(batch.imageEmbedding, array("img_emb").values, tolerance, "image embeddings");
  });

  tensorTest(`every layer agrees with the release (${prefix})`, () => {
    const { weights, batch } = embedded();
    let hidden: tf.Tensor = tf.concat<tf.Tensor>([batch.textEmbedding, batch.imageEmbedding], 1);
    const rows = hidden.shape[1]!;
    for (let layer = 0; layer < config.num_hidden_layers; layer++) {
      const keyBias = maskedKeys(tf.ones([1, rows]));
      hidden = encoderLayer(weights, config, layer, hidden, { keyBias, rows });
      assertClose(hidden, array(`layer${layer}`).values, tolerance, `layer ${layer}`);
    }
  });

  tensorTest(`pooled state, match logits and rank score agree with the release (${prefix})`, () => {
    const { weights, batch } = embedded();
    const pooled = pooledPairs(weights, encodePairs(weights, config, batch, { keep: "all" }));
    assertClose(pooled, array("pooled").values, tolerance, "pooled");
    assertClose(matchLogits(weights, pooled), array("itm_logits").values, tolerance, "logits");
    assertClose(pairScores(weights, config, batch), array("rank_score").values, tolerance, "score");
  });
}
