/**
 * What takes too long for every run of the tests: many kills, many damaged files, whole experiments.
 * `deno task test` runs a short version of each kind, `deno task test:long` the long one: it sets
 * `IAIS_TESTS=long` and runs the files that import this one (tests/long.ts).
 */
export const isLong: boolean = Deno.env.get("IAIS_TESTS") === "long";

/** How often something is tried: a few times in `deno task test`, often in `deno task test:long`. */
export function tries({ short, long }: { readonly short: number; readonly long: number }): number {
  return isLong ? long : short;
}

/** A test of `deno task test:long` alone. What it is about has a short test elsewhere. */
export function longTest(name: string, run: () => void | Promise<void>): void {
  if (isLong) Deno.test(name, run);
}
