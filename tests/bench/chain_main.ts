/** The command line over the stages of chains: what it takes is the pipeline's own. */
import { main } from "../../pipeline/main.ts";
import { toyLink } from "../support/toy_stages/toy_link.ts";
import { toyNumbers } from "../support/toy_stages/toy_numbers.ts";
import { toyStages } from "../support/toy_main.ts";

export const chainStages = { ...toyStages, catalogue: [toyNumbers, toyLink] };

if (import.meta.main) {
  const entry = new URL(import.meta.url);
  Deno.exit(await main(Deno.args, { stages: chainStages, entry }));
}
