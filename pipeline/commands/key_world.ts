import type { Display } from "../terminal/display.ts";
import type { RequestWorld } from "../experiment/read_request.ts";
import type { Stages } from "../contract/stages.ts";

/** What a question about an experiment needs to compute its keys. Nothing runs. */
export interface KeyWorld extends RequestWorld {
  readonly stages: Stages;
  readonly project: URL;
  readonly display: Display;
}
