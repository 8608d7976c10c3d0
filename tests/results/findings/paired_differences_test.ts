import assert from "node:assert/strict";
import { pairedDifferences } from "../../../results/findings/paired_differences.ts";

const row = (variant: string, seed: number, metric: string, value: number) => ({
  stage: "recall",
  split: "test",
  metric,
  value,
  variant,
  reference: "none",
  seed: String(seed),
});
const options = { baseline: "none", metrics: ["i2t_r1", "t2i_r1"] };

Deno.test("pairedDifferences() pairs by seed and gives the standard deviation of the pairs", () => {
  // Differences in points: 2, 4, 6: mean 4, spread 2. Then 1, -1, 0: mean 0, spread 1.
  const rows = [1, 2, 3].flatMap((seed) => [
    row("none", seed, "i2t_r1", seed / 10),
    row("singular", seed, "i2t_r1", seed / 10 + 0.02 * seed),
    row("none", seed, "t2i_r1", 0.5),
    row("singular", seed, "t2i_r1", 0.5 + [0.01, -0.01, 0][seed - 1]!),
  ]);
  assert.deepEqual(pairedDifferences(rows, options), [
    "Difference from none in percentage points, paired by seed, mean ± standard",
    "deviation (SD):",
    "  singular  i→t R@1 +4.0 ±2.0    more than 1 SD from 0",
    "            t→i R@1 0.0 ±1.0     within 1 SD of 0",
    "3 seeds can suggest a difference; they cannot establish one.",
  ]);
});

Deno.test("pairedDifferences() leaves out seeds that only one of the two has", () => {
  const rows = [
    row("none", 1, "i2t_r1", 0.1),
    row("none", 2, "i2t_r1", 0.2),
    row("singular", 2, "i2t_r1", 0.1),
    row("singular", 3, "i2t_r1", 0.9),
  ];
  assert.equal(pairedDifferences(rows, options)[2], "  singular  i→t R@1 −10.0 (1 of 3 seeds)");
});

Deno.test("pairedDifferences() says that one seed shows nothing", () => {
  const rows = [row("none", 1, "i2t_r1", 0.1), row("singular", 1, "i2t_r1", 0.2)];
  assert.deepEqual(pairedDifferences(rows, options), [
    "Difference from none in percentage points, paired by seed:",
    "  singular  i→t R@1 +10.0",
    "With only one seed, no difference can be distinguished from chance.",
  ]);
});
