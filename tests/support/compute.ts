/** TensorFlow for tests: one per process, fetched if it is not there yet. */
import { type Compute, startCompute } from "../../stages/tensorflow/kernels/backend.ts";
import { ensureLibrary } from "../../stages/tensorflow/library/open_library.ts";

export async function testCompute(): Promise<Compute> {
  await ensureLibrary({ report() {}, say: (line) => console.error(line) });
  return await startCompute({ threads: 2 });
}
