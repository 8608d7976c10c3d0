/**
 * What a stage is, to the pipeline and to the files in `stages/`: a name, a schema of parameters,
 * the artifacts it reads, and a function that fills one folder.
 */
import type { GenericSchema, InferOutput } from "valibot";
import type { Progress } from "./progress.ts";
import type { PinnedPackage } from "../fetch/package_fetch.ts";

/** A value of a parameter or of a result row. */
export type Scalar = string | number | boolean | null;

/** An artifact that a stage reads: a complete folder, read-only. */
export interface InputArtifact {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** Key of the stage run that wrote it (hex). */
  readonly key: string;
  /** Role -> absolute path of what that run read from outside: an artifact may refer to it. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Rows for DuckDB. A stage never sees the database: rows are lines in its own folder, which the
 * pipeline takes over while the stage runs and again from the complete artifact on a rebuild.
 */
export interface Recorder {
  /**
   * Adds one row to a result table (results/database/schema.sql names its columns). Rows are part of the
   * artifact and of its digest, so they hold nothing that differs between two equal runs.
   */
  row(table: string, row: Readonly<Record<string, Scalar>>): void;
  /** As `row`, for clocks and machine figures: kept beside the artifact, outside its digest. */
  measurement(table: string, row: Readonly<Record<string, Scalar>>): void;
  /** A result number of the run: row of table `metric`. */
  metric(name: string, value: number, where?: { split?: string }): void;
  /** Drops this table's rows for which `keep` is false: for a resumed run, what came after its checkpoint. */
  retain(table: string, keep: (row: Readonly<Record<string, Scalar>>) => boolean): void;
}

/** A file or folder from outside the project that a stage reads: data, a checkpoint. */
export interface OutsideFile {
  /** What the stage calls it; readers of its artifact find it under this name too. */
  readonly role: string;
  /** Absolute. */
  readonly path: string;
  /**
   * Of a folder: which files in it are meant, as sets of names; the first set that is all there.
   * Without: the file itself, or every file directly in the folder.
   */
  readonly anyOf?: readonly (readonly string[])[];
  /** Of a folder: only files whose names end so are meant. */
  readonly ending?: string;
  /** It must be a file, no folder. */
  readonly file?: boolean;
  /** What it is, how large, and where it was published: told when it is missing. */
  readonly what: string;
  readonly size?: string;
  readonly published?: string;
}

/** What a running stage is given. It writes into `folder` only. */
export interface StageContext<Parameters> {
  readonly parameters: Parameters;
  /** One complete artifact per input port. */
  readonly inputs: Readonly<Record<string, InputArtifact>>;
  /** Role -> absolute path of what it reads from outside, and folder of a package that it reads. */
  readonly files: Readonly<Record<string, string>>;
  /** The pending folder; what is in it when `run` returns becomes the artifact. */
  readonly folder: string;
  /**
   * A folder that outlives a kill and is no part of the artifact: for checkpoints. A run that is
   * killed and started again finds here what it left; files must be written whole (write, rename).
   */
  readonly resumeFolder: string;
  readonly record: Recorder;
  readonly progress: Progress;
  /** Threads that a computing stage may use; part of the compute fingerprint. */
  readonly threads: number;
  /** Aborted on Ctrl-C: stop at the next safe point by throwing `signal.reason`. */
  readonly signal: AbortSignal;
}

/** What an examination found out, for the stages that read this one: counts and sizes. */
export type Facts = Readonly<Record<string, number>>;

/** Something that `doctor` tells: fine, worth knowing, or in the way of a run. */
export interface Finding {
  readonly verdict: "ok" | "note" | "bad";
  readonly what: string;
  /** How to mend what is in the way. */
  readonly fix?: string;
}

/** What an examination is given. */
export interface ExaminationContext<Parameters> {
  readonly parameters: Parameters;
  /** Role -> absolute path of what the stage reads from outside; it is there. */
  readonly files: Readonly<Record<string, string>>;
  /** Port -> facts of the stage that is read there. */
  readonly inputs: Readonly<Record<string, Facts>>;
  readonly threads: number;
  readonly progress: Progress;
}

/** What a run would find, take and leave. */
export interface Examination {
  readonly findings: readonly Finding[];
  readonly facts?: Facts;
  /** Estimated from something measured. */
  readonly seconds?: number;
  /** Main memory that a run needs, in bytes. */
  readonly memory?: number;
  /** Disk that its artifact takes, in bytes. */
  readonly disk?: number;
  /** Disk that it takes beside that while it runs: checkpoints. */
  readonly scratch?: number;
}

/** An input port of a stage: the YAML key that names the stage to read, and what must come out of it. */
export interface InputPort {
  /** Kinds of artifact this port takes. */
  readonly kinds: readonly string[];
  /** One line for error messages and docs. */
  readonly summary: string;
}

/** What stages that run at once share. */
export interface Resources {
  /** Processor threads. */
  readonly threads: number;
  /** Main memory in bytes. */
  readonly memory: number;
  readonly gpus: number;
}

export interface StagePermissions {
  /** Calls native libraries. */
  readonly native?: boolean;
  /** Fetches something. */
  readonly network?: boolean;
  /** Starts these programs. */
  readonly programs?: readonly string[];
}

/** A kind of stage: what a stage of the experiment file names with `use`. */
// deno-lint-ignore no-explicit-any
export interface StageDefinition<Parameters = any> {
  /** As written after `use:`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** A valibot `strictObject`; defaults stand here and nowhere else. */
  readonly parameters: GenericSchema<unknown, Parameters>;
  readonly inputs: Readonly<Record<string, InputPort>>;
  /**
   * Names of parameters that are paths. Relative ones start from the experiment file's folder, or
   * for `--set` from the working folder; the stage is given absolute ones.
   */
  readonly paths?: readonly string[];
  /** What it reads from outside; decided by its parameters alone, without a look at the disk. */
  outside?(parameters: Parameters): readonly OutsideFile[];
  /** Role -> published package that it reads; fetched into the user's cache before it runs. */
  packages?(parameters: Parameters): Readonly<Record<string, PinnedPackage>>;
  /** Kind of the artifact it writes: "scenes", "features", "model", "recall". */
  readonly output: string;
  /** Computes with TensorFlow: the compute fingerprint is part of its key. */
  readonly compute: boolean;
  /**
   * What its process may do besides reading its inputs and what is outside, and writing its folder.
   * A stage that computes may call native libraries without saying so.
   */
  readonly permissions?: StagePermissions;
  /** What a run takes, as far as the stage can tell; an experiment can say it for a stage. */
  resources?(parameters: Parameters): Partial<Resources>;
  /**
   * Runs of it may share one process, with the rights of all of them: for stages that are done in a
   * blink, or that would start by compiling the same programs. Without, each has a process of its own.
   */
  readonly sharesProcess?: boolean;
  /** A killed run of it goes on from `resumeFolder`; otherwise it starts again from nothing. */
  readonly resumable: boolean;
  /**
   * Looks at what a run would need, without running: for `doctor`. Called when everything from
   * outside is there and what it reads was examined.
   */
  examine?(context: ExaminationContext<Parameters>): Promise<Examination>;
  /** Heavy modules are imported inside, so that planning never loads them. */
  run(context: StageContext<Parameters>): Promise<void>;
}

/** Gives a stage's `run` its parameter types from the schema. */
export function defineStage<Schema extends GenericSchema>(
  definition: Omit<StageDefinition<InferOutput<Schema>>, "parameters"> & {
    readonly parameters: Schema;
  },
): StageDefinition {
  return definition as StageDefinition;
}
