import assert from "node:assert/strict";
import type { Configuration } from "../../../stages/model/configuration.ts";
import { bytesPerPair, scoringBlock } from "../../../stages/score/scoring_block.ts";

const base = {
  hidden_size: 768,
  intermediate_size: 3072,
  num_attention_heads: 12,
} as Configuration;
const sizes = { words: 60, regions: 100 };

Deno.test("a block of pairs fills no more than a sixteenth of a GPU's memory, and is a power of two", () => {
  // 160 positions: six times 768, twice 3,072 and the attention of 12 heads, in float32.
  assert.equal(bytesPerPair(base, sizes), 4 * 160 * (6 * 768 + 2 * 3072 + 2 * 12 * 160));
  const block = (gigabytes: number, more: Partial<Configuration> = {}) =>
    scoringBlock({ deviceKind: "GPU", gpuMemory: gigabytes * 1e9 }, { ...base, ...more }, sizes);
  for (const gigabytes of [12, 24, 48, 80, 140]) {
    const pairs = block(gigabytes);
    assert.equal(Math.log2(pairs) % 1, 0);
    const bytes = pairs * bytesPerPair(base, sizes);
    assert.ok(bytes <= gigabytes * 1e9 / 16 && bytes > gigabytes * 1e9 / 32 - 1, `${gigabytes}`);
  }
  assert.equal(block(80), 2 * block(40));
  assert.ok(block(80, { hidden_size: 1024, intermediate_size: 4096 }) <= block(80));
  assert.equal(block(0.1), 64, "a small GPU");
  assert.equal(block(10_000), 4096, "a large one");
});

Deno.test("on a CPU it is the same everywhere: 64 MiB of pairs, but 16 to 256 of them", () => {
  const block = (config: Configuration, words: number, regions: number) =>
    scoringBlock({ deviceKind: "CPU", gpuMemory: 0 }, config, { words, regions });
  assert.equal(block(base, 60, 100), 16);
  // 4 * 42 * (6 * 384 + 2 * 1,536 + 2 * 6 * 42) bytes are 0.94 MiB.
  const middle = { ...base, hidden_size: 384, intermediate_size: 1536, num_attention_heads: 6 };
  assert.equal(block(middle, 17, 25), 64);
  assert.equal(block({ ...base, hidden_size: 64, intermediate_size: 256 }, 10, 3), 256);
});
