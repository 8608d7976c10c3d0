import assert from "node:assert/strict";
import { metricTitle } from "../../../results/text/number_text.ts";

Deno.test("metrics have titles: recalls by direction, pairs by kind of difference; others keep their names", () => {
  const titles = {
    i2t_r1: "i→t R@1",
    t2i_r10: "t→i R@10",
    pair_text: "pairs: text",
    pair_group_relation: "relation: group",
    fold5_i2t_r1: "fold5_i2t_r1",
    pair_groups: "pair_groups",
  };
  for (const [name, title] of Object.entries(titles)) assert.equal(metricTitle(name), title);
});
