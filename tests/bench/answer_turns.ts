/** A worker's side of the bench (route_process.ts): lines of standard input, answered with a line each. */
import { lines } from "./lines.ts";
import type { Workload } from "./workload.ts";

export interface Route {
  readonly description: string;
  /** One step; gives its loss, or the sum of its scores. */
  readonly step: () => number;
}

/** Reads the workload, then numbers of steps to time, until the input ends. */
export async function answerTurns(start: (job: Workload) => Promise<Route>): Promise<never> {
  const input = lines(Deno.stdin.readable);
  const { description, step } = await start(JSON.parse((await input.next()).value!));
  const timed = () => {
    const begun = performance.now();
    const value = step();
    return { value, seconds: (performance.now() - begun) / 1000 };
  };
  const { value, seconds: first } = timed();
  console.log(JSON.stringify({ description, check: [value, step(), step()], first }));
  for await (const count of input) {
    step(); // caches are cold after the other routes' turn
    const seconds = Array.from({ length: Number(count) }, () => timed().seconds);
    console.log(JSON.stringify({ seconds }));
  }
  Deno.exit(0);
}
