/** What `doctor` finds about memory and disk space. */
import type { Finding } from "../contract/stage.ts";
import { lowerText } from "../contract/out_of_memory.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import { freeBytes } from "../fetch/free_space.ts";
import { bytesText } from "../terminal/terminal_text.ts";

/** The sum of the largest needs, one for each stage that can run at once. */
export function largest(needs: readonly number[], jobs: number): number {
  return needs.toSorted((a, b) => b - a).slice(0, jobs).reduce((sum, one) => sum + one, 0);
}

/** A node, and the memory that it needs. */
export interface Need {
  readonly node: GraphNode;
  readonly bytes: number;
}

export function memoryFindings(
  needs: readonly Need[],
  { jobs }: { readonly jobs: number },
): Finding[] {
  const most = largest(needs.map(({ bytes }) => bytes), jobs);
  if (most === 0) return [];
  const { available, total } = Deno.systemMemoryInfo();
  const what = `a run needs about ${bytesText(most)} of memory; ${bytesText(available)} of ` +
    `${bytesText(total)} are free`;
  if (most <= available) return [{ verdict: "ok", what }];
  return [{ verdict: "bad", what, fix: `use fewer --jobs, or ${lowerFor(largestOf(needs))}` }];
}

/**
 * Each stage has a GPU of its own, so what counts is the stage that needs most.
 *
 * @param memory bytes of a GPU; undefined if stages compute on the processor
 */
export function gpuFindings(needs: readonly Need[], memory: number | undefined): Finding[] {
  const most = largestOf(needs.filter(({ node }) => node.definition.compute));
  if (memory === undefined || most === undefined || most.bytes === 0) return [];
  const what = `${most.node.label} needs about ${bytesText(most.bytes)} of a GPU's memory, which ` +
    `has ${bytesText(memory)}`;
  return [
    most.bytes <= memory ? { verdict: "ok", what } : { verdict: "bad", what, fix: lowerFor(most) },
  ];
}

function largestOf(needs: readonly Need[]): Need | undefined {
  return needs.toSorted((a, b) => b.bytes - a.bytes)[0];
}

function lowerFor(need: Need | undefined): string {
  const { definition, parameters } = need?.node ?? {};
  return lowerText(definition?.memoryUse, parameters ?? {});
}

export function diskFindings(need: number, results: string): Finding[] {
  if (need === 0) return [];
  const free = freeBytes(results);
  const what = `a run needs about ${bytesText(need)} of disk space; ${bytesText(free)} are free`;
  if (need <= free) return [{ verdict: "ok", what }];
  return [{
    verdict: "bad",
    what,
    fix: "free some space, or store results elsewhere with --results DIR",
  }];
}
