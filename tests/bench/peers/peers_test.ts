/** The peers of the bench train the same model as this project: their losses are its own. */
import assert from "node:assert/strict";
import { longTest } from "../../support/long_test.ts";
import { RouteProcess } from "../route_process.ts";
import { installedRoutes } from "../routes.ts";
import { workload } from "../workload.ts";

const tiny = workload({ layers: 2, hidden: 32, heads: 2, pairs: 4, positions: 10 }, {
  task: "training",
  precision: "float32",
  threads: 1,
});

longTest("libraries of TypeScript that the bench measures give this project's losses", async () => {
  const routes = await installedRoutes(["eager", "jax-js", "tfjs-wasm"], "");
  const losses = new Map<string, readonly number[]>();
  for (const [name, { command }] of routes) {
    const process = new RouteProcess(command);
    losses.set(name, (await process.start(tiny)).check);
    assert.equal((await process.turn(2)).seconds.length, 2);
    await process.end();
  }
  const wanted = losses.get("eager")!;
  assert.ok(
    wanted[2]! < wanted[1]! && wanted[1]! < wanted[0]!,
    "three updates make the loss smaller",
  );
  // A loss is a mean of sigmoids near a half: a few roundings of 2^-24 each, in another order.
  for (const [name, found] of losses) {
    found.forEach((loss, i) =>
      assert.ok(Math.abs(loss - wanted[i]!) <= 2 ** -20, `${name} ${loss}`)
    );
  }
});
