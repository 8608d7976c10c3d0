import assert from "node:assert/strict";
import { readByteSize } from "../../../pipeline/experiment/byte_size.ts";

Deno.test("sizes are numbers with a unit, in powers of ten or two", () => {
  const sizes = ["8 GB", "512MiB", "1.5 kB", "2tb", " 3 B "].map(readByteSize);
  assert.deepEqual(sizes, [8e9, 512 * 2 ** 20, 1500, 2e12, 3]);
  for (const text of ["8", "GB", "-1 GB", "1e3 MB", "8 GBs", "8  GB", ""]) {
    assert.equal(readByteSize(text), undefined, text);
  }
});
