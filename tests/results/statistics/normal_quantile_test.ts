import assert from "node:assert/strict";
import { normalQuantile } from "../../../results/statistics/normal_quantile.ts";

Deno.test("normalQuantile() agrees with published tables", () => {
  for (
    const [share, value] of [
      [0.5, 0],
      [0.8, 0.8416212335729143],
      [0.975, 1.959963984540054],
      [0.9875, 2.241402727604947],
      [0.995, 2.5758293035489004],
      [0.001, -3.090232306167813],
    ] as const
  ) {
    assert.ok(Math.abs(normalQuantile(share) - value) < 1e-8, `${share}`);
  }
});
