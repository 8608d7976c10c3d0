import type { RandomStream } from "../../../../pipeline/contract/random_stream.ts";

/** One integer below 1,000 a line. */
export function numberLines(stream: RandomStream, count: number): string {
  return Array.from({ length: count }, (_, index) => `${stream.integer(index, 1000)}\n`).join("");
}
