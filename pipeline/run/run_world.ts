/** The request of a run, and everything outside the process that it acts on. */
import type { ArtifactStore } from "../store/artifact_store.ts";
import type { ResultTables } from "../store/result_rows.ts";
import type { StageCode } from "../store/code_record.ts";
import type { Clock } from "../contract/clock.ts";
import type { Concurrency } from "./concurrency.ts";
import type { Display } from "../terminal/display.ts";
import type { Environment } from "../experiment/yaml_text.ts";
import type { ResultIndex } from "./result_index.ts";
import type { Machine } from "./machine.ts";
import type { Stages } from "../contract/stages.ts";
import type { WorkerCommand } from "../workers/worker_process.ts";

export interface RunRequest {
  /** Path of the experiment file as the user wrote it. */
  readonly file: string;
  readonly set: readonly string[];
  readonly only: readonly string[];
  readonly force: readonly string[];
  /** On the command line; `concurrencyOf` has the defaults. */
  readonly jobs: number | undefined;
  readonly threads: number | undefined;
  /** Bytes of memory and number of GPUs that stages may take at once; by default all of the machine's. */
  readonly memory?: number;
  readonly gpus?: number;
  /** Stop the other stages when one fails. */
  readonly failFast: boolean;
  readonly planOnly: boolean;
  /** Read every stored file and compare digests, not only names and sizes. */
  readonly verify: boolean;
  /** Absolute path. */
  readonly results: string;
}

/** What a run uses of the world outside. */
export interface RunWorld {
  readonly stages: Stages;
  readonly project: URL;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly display: Display;
  readonly worker: WorkerCommand;
  readonly machine: Machine;
  /** The tables that stages record rows in. */
  resultTables(): ResultTables;
  openResultIndex(results: string): Promise<ResultIndex>;
  /** Digest of the code that makes the report, as it is on the disk. */
  reportSource(): string;
  /** Calls back on each Ctrl-C; returns a function that stops listening. */
  onInterrupt(callback: (count: number) => void): () => void;
  /** The command that runs the same again; `only` is added if the command names no stages itself. */
  commandAgain(...only: string[]): string;
  /** Names of published results that a report can be compared with. */
  readonly comparisons: readonly string[];
  /** Commands that a user may want to run next. */
  readonly tryNext: readonly string[];
}

/** What carrying out a plan works with. */
export interface Setting {
  /** Kind of stage -> the code that its keys were made of. */
  readonly code: ReadonlyMap<string, StageCode>;
  readonly index: ResultIndex;
  readonly store: ArtifactStore;
  readonly request: RunRequest & Concurrency;
  readonly world: RunWorld;
  /** Start of the run, in seconds of the clock. */
  readonly begun: number;
}
