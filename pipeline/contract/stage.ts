/**
 * The contract between the pipeline and `stages/`. A stage definition has a name, a schema for its
 * parameters, the artifacts that it reads, and a function that fills one folder.
 */
import type { GenericSchema, InferOutput } from "valibot";
import type { Progress } from "./progress.ts";
import type { MemoryUse } from "./out_of_memory.ts";
import type { PinnedPackage } from "./pinned_package.ts";

/** A parameter's value, or a value in a result row. */
export type Scalar = string | number | boolean | null;

/** An artifact that a stage reads: a complete folder, read-only. */
export interface InputArtifact {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** Key of the stage run that wrote it (hexadecimal). */
  readonly key: string;
  /** Role -> absolute path of the outside files that the run read; the artifact may refer to them. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * Records rows for DuckDB. A stage never accesses the database: it writes rows as lines in its own
 * folder. The pipeline imports them while the stage runs, and from the complete artifact on a rebuild.
 * A row that does not fit its table fails the stage with the line that recorded it.
 */
export interface Recorder {
  /**
   * Adds one row to a result table; results/database/schema.sql lists the columns. Rows are part of
   * the artifact and of its digest, so they must not contain anything that differs between two
   * identical runs.
   */
  row(table: string, row: Readonly<Record<string, Scalar>>): void;
  /** Like `row`, for times and machine data: kept next to the artifact and excluded from its digest. */
  measurement(table: string, row: Readonly<Record<string, Scalar>>): void;
  /** Records a result of the run as a row of table `metric`. */
  metric(name: string, value: number, where?: { split?: string }): void;
  /** Drops the table's rows for which `keep` is false: a resumed run drops those after its checkpoint. */
  retain(table: string, keep: (row: Readonly<Record<string, Scalar>>) => boolean): void;
}

/** An outside file: a file or folder outside the project that a stage reads, such as data or a checkpoint. */
export interface OutsideFile {
  /** The stage's name for it; stages that read the artifact find it under this name too. */
  readonly role: string;
  /** Absolute. */
  readonly path: string;
  /**
   * For a folder: alternative sets of file names; the first set that is complete is used. Without
   * it: the file itself, or every file directly in the folder.
   */
  readonly anyOf?: readonly (readonly string[])[];
  /** For a folder: include only files with this suffix. */
  readonly ending?: string;
  /** It must be a file, not a folder. */
  readonly file?: boolean;
  /** What it is, its size and where it was published: shown when it is missing. */
  readonly what: string;
  /** For people, such as "about 0.45 GB". */
  readonly size?: string;
  /** The URL it was published at. */
  readonly published?: string;
}

/** The arguments of a running stage. It may write to `folder` and `resumeFolder` only. */
export interface StageContext<Parameters> {
  /** Checked against the definition's schema, defaults included. */
  readonly parameters: Parameters;
  /** One complete artifact per input port; for ports that gather, one per candidate. */
  readonly inputs: Readonly<Record<string, InputArtifact>>;
  /** Role -> absolute path of each outside file and of the folder of each package that it reads. */
  readonly files: Readonly<Record<string, string>>;
  /** The pending folder; its content when `run` returns becomes the artifact. */
  readonly folder: string;
  /**
   * A folder for checkpoints. It survives a kill and is not part of the artifact: a run that is
   * killed and started again finds its files here. Write them atomically (write, then rename).
   */
  readonly resumeFolder: string;
  /** Takes result rows, metrics and measurements. */
  readonly record: Recorder;
  /** Takes the number of finished units and lines for the log. */
  readonly progress: Progress;
  /** Number of threads that a computing stage may use; part of the compute fingerprint. */
  readonly threads: number;
  /** Aborted on Ctrl-C: throw `signal.reason` at the next safe point. */
  readonly signal: AbortSignal;
}

/** Counts and sizes that an examination reports to the stages that read this one. */
export type Facts = Readonly<Record<string, number>>;

/** The arguments of a check. */
export interface CheckContext<Parameters> {
  /** Checked against the definition's schema, defaults included. */
  readonly parameters: Parameters;
  /** Role -> absolute path of each outside file; all of them exist. */
  readonly files: Readonly<Record<string, string>>;
  /** Port -> what the check of the stage that it reads knows, if anything. */
  readonly inputs: Readonly<Record<string, Facts | undefined>>;
}

/** Why a stage cannot run as it is requested. */
export interface Problem {
  /** The parameter that is wrong. */
  readonly parameter: string;
  /** One line, without the name of the stage. */
  readonly what: string;
  /** How to change the request. */
  readonly fix: string;
}

/** What can be known of a stage before it runs. */
export interface Checked {
  /** Empty if it can run. */
  readonly problems: readonly Problem[];
  /** For the checks of the stages that read this one. */
  readonly facts?: Facts;
}

/**
 * Compares the parameters of a stage with what its inputs will hold: before a run, for `run --plan` and for
 * `doctor`. Quick, because it is part of every plan: it computes nothing and reads no more than lists. Like
 * an examination it is not part of the definition.
 */
// deno-lint-ignore no-explicit-any
export type Check<Parameters = any> = (
  context: CheckContext<Parameters>,
) => Checked | Promise<Checked>;

/** One finding of `doctor`: fine, worth knowing, or an obstacle to a run. */
export interface Finding {
  /** `bad` is an obstacle: `doctor` ends with exit code 2. */
  readonly verdict: "ok" | "note" | "bad";
  /** One line, without the name of the stage. */
  readonly what: string;
  /** How to remove the obstacle. */
  readonly fix?: string;
}

/** The arguments of an examination. */
export interface ExaminationContext<Parameters> {
  /** Checked against the definition's schema, defaults included. */
  readonly parameters: Parameters;
  /** Role -> absolute path of each outside file; all of them exist. */
  readonly files: Readonly<Record<string, string>>;
  /** Port -> facts about the stage that it reads. */
  readonly inputs: Readonly<Record<string, Facts>>;
  /** Number of threads that the run would use. */
  readonly threads: number;
  /** Takes the number of finished units and lines for the terminal. */
  readonly progress: Progress;
}

/** What a run would find, and what resources it would need. */
export interface Examination {
  /** In the order in which `doctor` prints them. */
  readonly findings: readonly Finding[];
  /** For the examinations of the stages that read this one. */
  readonly facts?: Facts;
  /** Estimated from measurements. */
  readonly seconds?: number;
  /** Main memory that a run needs, in bytes. */
  readonly memory?: number;
  /** Size of its artifact on disk, in bytes. */
  readonly disk?: number;
  /** Additional disk space while it runs, for checkpoints, in bytes. */
  readonly scratch?: number;
}

/**
 * Examines what a run of one kind of stage would need, without running it: for `doctor`. Called when
 * all outside files exist, its check has found no problem and the stages that it reads have been examined. It is not part of the
 * definition, so that its code is not part of the stage's code digest.
 */
// deno-lint-ignore no-explicit-any
export type Examine<Parameters = any> = (
  context: ExaminationContext<Parameters>,
) => Promise<Examination>;

/** An input port: the YAML key that names the stage to read, and the kinds of artifact it accepts. */
export interface InputPort {
  /** Kinds of artifact that this port accepts. */
  readonly kinds: readonly string[];
  /** One line for error messages and documentation. */
  readonly summary: string;
  /**
   * Why a stage with these parameters must not be read here, though its artifact is of an accepted
   * kind; undefined if it may.
   */
  // deno-lint-ignore no-explicit-any
  refuse?(parameters: any): { readonly what: string; readonly fix: string } | undefined;
}

/**
 * How a stage reads several points of a swept stage at once. Its ports name stages over the same points.
 * Points that differ only along the named axes are the candidates of one run. The run has one input
 * for each port and candidate (see candidates.ts), and a parameter `candidates` with their values.
 */
export interface Gathering {
  /** Names of the input ports that are read at all points. */
  readonly ports: readonly string[];
  /** Name of the parameter that lists the axes. */
  readonly along: string;
}

/**
 * Parameters that have an effect only with certain values of others. Where they have none, they are not
 * part of the key, the stage gets their defaults, and points that differ only in them are one.
 */
// deno-lint-ignore no-explicit-any
export interface Applicability<Parameters = any> {
  /** Names of the parameters. */
  readonly parameters: readonly string[];
  /** The parameter that decides, for messages. */
  readonly by: string;
  /** Whether they have an effect; reads only parameters that have one themselves. */
  when(parameters: Parameters): boolean;
}

/** Resources that concurrent stages share. */
export interface Resources {
  /** Processor threads. */
  readonly threads: number;
  /** Main memory in bytes. */
  readonly memory: number;
  /** Whole devices. */
  readonly gpus: number;
}

/** Deno permissions of a stage's process that its reads and writes do not imply. */
export interface StagePermissions {
  /** Calls native libraries. */
  readonly native?: boolean;
  /** Accesses the network. */
  readonly network?: boolean;
  /** Starts these programs. */
  readonly programs?: readonly string[];
}

/** A kind of stage, which an experiment file selects with `use`. */
// deno-lint-ignore no-explicit-any
export interface StageDefinition<Parameters = any> {
  /** The name after `use:`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** A valibot `strictObject`; the only place for default values. */
  readonly parameters: GenericSchema<unknown, Parameters>;
  /** When parameters have an effect; those that are not listed always have. The first rule that fails is named. */
  readonly applies?: readonly Applicability<Parameters>[];
  /** Port -> what it accepts. Each port is a key of the stage in the YAML. */
  readonly inputs: Readonly<Record<string, InputPort>>;
  /** Which ports read several points at once; absent where each reads one. */
  readonly gathers?: Gathering;
  /**
   * Names of parameters that are paths. Relative paths are resolved from the experiment file's
   * folder, or from the working directory for `--set`; the stage receives absolute paths.
   */
  readonly paths?: readonly string[];
  /** The outside files that it reads; depends on its parameters only, not on the disk. */
  outside?(parameters: Parameters): readonly OutsideFile[];
  /** Role -> published package that it reads, fetched into the user's cache before it runs. */
  packages?(parameters: Parameters): Readonly<Record<string, PinnedPackage>>;
  /** Kind of artifact that it writes: "scenes", "features", "model", "recall". */
  readonly output: string;
  /** Computes with TensorFlow, so the compute fingerprint is part of its key. */
  readonly compute: boolean;
  /**
   * What its process may do in addition to reading its inputs and outside files and writing its
   * folder. A stage that computes may always call native libraries.
   */
  readonly permissions?: StagePermissions;
  /** Which parameters to lower where memory is too small. */
  readonly memoryUse?: MemoryUse;
  /** Resources that a run needs, as far as the stage knows; an experiment can override them. */
  resources?(parameters: Parameters): Partial<Resources>;
  /**
   * Runs of this kind may share one process that has the permissions of all of them: for very short
   * stages, and for stages that would each compile the same programs first. Otherwise each run has
   * its own process.
   */
  readonly sharesProcess?: boolean;
  /** A killed run continues from `resumeFolder`; otherwise it starts from scratch. */
  readonly resumable: boolean;
  /** Import heavy modules inside, so that planning never loads them. */
  run(context: StageContext<Parameters>): Promise<void>;
}

/** Infers the parameter types of a stage's `run` from the schema. */
export function defineStage<Schema extends GenericSchema>(
  definition: Omit<StageDefinition<InferOutput<Schema>>, "parameters"> & {
    readonly parameters: Schema;
  },
): StageDefinition {
  return definition as StageDefinition;
}
