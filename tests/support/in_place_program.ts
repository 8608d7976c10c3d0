/**
 * Runs a program that adds 1 to a large tensor, and prints by how many bytes the memory of this process
 * grows meanwhile. Argument: what the program consumes, `state` or nothing. A process of its own, as tests
 * share theirs.
 */
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../stages/tensorflow/programs/compile.ts";
import { testCompute } from "./compute.ts";

const bytes = 2 ** 28;
const [consumes] = Deno.args;
const compute = await testCompute();
const step = compile(
  compute,
  // deno-lint-ignore no-explicit-any
  ({ state: { x } }: any): any => ({ state: { x: tf.add(x, 1) } }),
  { name: "once", ...(consumes !== undefined && { consumes }) },
);
let state = { x: tf.tidy(() => tf.broadcastTo(tf.scalar(0), [bytes / 4])) as tf.Tensor };

function advance(): void {
  const { state: next } = step({ state });
  state.x.dispose();
  state = next;
}

/** Bytes of this process: now, or at most since the peak was reset. */
function memory(field: "VmRSS" | "VmHWM"): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return 1024 * Number(status.match(new RegExp(`${field}:\\s*(\\d+)`))![1]);
}

Deno.writeTextFileSync("/proc/self/clear_refs", "5"); // resets the peak
const before = memory("VmRSS");
for (let i = 0; i < 4; i++) advance(); // the first one also compiles
const peak = memory("VmHWM") - before;
const first = tf.slice(state.x, [0], [1]).dataSync()[0];
if (first !== 4) throw new Error(`4 additions gave ${first}`);
console.log(JSON.stringify({ peak, bytes }));
Deno.exit(0);
