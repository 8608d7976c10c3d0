import assert from "node:assert/strict";
import { sessionConfigBytes } from "../../../../stages/tensorflow/runtime/session_config.ts";

Deno.test("ConfigProto bytes are those that TensorFlow's own library writes", () => {
  // tf.compat.v1.ConfigProto(intra_op_parallelism_threads=2, inter_op_parallelism_threads=1,
  //   gpu_options=GPUOptions(allow_growth=True), allow_soft_placement=True).SerializeToString()
  const config = { intraOpThreads: 2, interOpThreads: 1, gpuMemoryGrowth: true };
  assert.deepEqual([...sessionConfigBytes(config)], [0x10, 2, 0x28, 1, 0x32, 2, 0x20, 1, 0x38, 1]);
});

Deno.test("thread counts above 127 take two bytes", () => {
  const config = { intraOpThreads: 200, interOpThreads: 1, gpuMemoryGrowth: false };
  assert.deepEqual([...sessionConfigBytes(config)].slice(0, 3), [0x10, 0xc8, 0x01]);
});

Deno.test("an invalid thread count is refused", () => {
  for (const intraOpThreads of [0, -1, 1.5, NaN]) {
    assert.throws(() =>
      sessionConfigBytes({ intraOpThreads, interOpThreads: 1, gpuMemoryGrowth: true })
    );
  }
});
