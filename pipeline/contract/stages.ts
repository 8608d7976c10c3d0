/** What the command line needs of the stages: `stages/catalogue.ts` in the product, toys in tests. */
import type { Progress } from "./progress.ts";
import type { Check, Examine, Finding, StageDefinition } from "./stage.ts";

/** Every stage, and what commands compute with them. */
export interface Stages {
  /** Every kind of stage, in the order in which errors list them. */
  readonly catalogue: readonly StageDefinition[];
  /** Kind of stage -> its check before a run. */
  readonly checks: Readonly<Record<string, Check>>;
  /** Kind of stage -> how `doctor` examines what a run of it would need. */
  readonly examinations: Readonly<Record<string, Examine>>;
  /** The folder that holds `<name>.ts` for each stage. */
  readonly folder: URL;
  /** What decides the bits of computed results. Cheap: part of every run, even with nothing to do. */
  computeFingerprint(
    options: { threads: number },
  ): Record<string, string> | Promise<Record<string, string>>;
  /** Files of the library that computes, which must not change during a run. */
  computeFiles(): readonly string[];
  /** Findings about the library and the device, for `doctor`; fetches the library if it is missing. */
  examineCompute(
    options: { threads: number },
    progress: Progress,
  ): Promise<readonly Finding[]>;
  /** What worker processes that compute need. */
  computeAccess(): ComputeAccess;
  /** The GPUs that processes started here see, by names that CUDA_VISIBLE_DEVICES takes. */
  visibleGpus(): readonly string[];
  /** Model and memory of each of them, as far as the driver says; asks the driver. */
  gpuTexts(): readonly string[];
  /** Bytes of the smallest of them; undefined if stages compute on the processor. */
  gpuMemory(): number | undefined;
  /** Fetches what computing needs; called before the first computing stage runs. */
  prepareCompute(progress: Progress): Promise<void>;
  /** For the command `setup`. */
  readonly setup: SetupStages;
  /** For the command `search`. */
  readonly search: SearchStages;
  /** For the command `wrong`. */
  readonly wrongQueries: WrongStages;
  /** For the command `export-features`. */
  readonly exportFeatures: ExportFeatures;
}

/** Fetches what computing needs, with `gpu` the build for GPUs, before any run. */
export type SetupStages = (request: {
  readonly gpu: boolean;
  /** The progress of one thing that is fetched. */
  task(label: string): Progress;
}) => Promise<void>;

/** What a process needs to compute, in addition to what its stage reads and writes. */
export interface ComputeAccess {
  /** Absolute paths, each including everything below it. */
  readonly reads: readonly string[];
  /** As `reads`. */
  readonly writes: readonly string[];
  /** Variables of its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A features artifact, with the parameters and inputs of the run that made it. */
export interface DescribedFeatures {
  /** The artifact. */
  readonly folder: string;
  /** Kind of the stage that made it. */
  readonly stage: string;
  /** Of that stage, defaults included. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Port -> folder of the artifact. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Role -> absolute path of what the run read from outside. */
  readonly files: Readonly<Record<string, string>>;
}

/** An image, or a caption of an image. */
export interface ShownItem {
  /** Id of the image. */
  readonly image: string;
  /** Id of the caption. */
  readonly caption?: string;
  /** The caption's words. */
  readonly text?: string;
  /** The picture as a small JPEG (a data URL), if the picture is available. */
  readonly thumbnail?: string;
}

/** Ranks the images or captions of a split for one query, with a tuned model. */
export type SearchStages = (request: {
  readonly features: DescribedFeatures;
  /** Folder of the model's artifact. */
  readonly model: string;
  /** Words, or the path of a picture. */
  readonly query: { readonly text: string } | { readonly picture: string };
  readonly split: string;
  readonly count: number;
  readonly threads: number;
  readonly progress: Progress;
}) => Promise<{
  /** Best first. */
  readonly answers: readonly (ShownItem & { readonly score: number })[];
  /** Of the picture that was the query. */
  readonly thumbnail?: string;
}>;

/** Finds the queries of an evaluation whose best correct answer has the worst rank. */
export type WrongStages = (request: {
  /** Folder of the evaluation's artifact. */
  readonly evaluation: string;
  readonly features: DescribedFeatures;
  readonly count: number;
  /** How many of the first answers to return for each query. */
  readonly answers: number;
  /** Both directions, if it is not given. */
  readonly direction?: "i2t" | "t2i";
}) => Promise<{
  readonly split: string;
  /** Number of queries in all. */
  readonly queries: number;
  /** Worst rank first. */
  readonly wrong: readonly WrongQuery[];
}>;

/** A query whose correct answers rank low. */
export interface WrongQuery {
  /** Image to text, or text to image. */
  readonly direction: "i2t" | "t2i";
  /** What was searched with. */
  readonly query: ShownItem;
  /** Rank of the best correct answer, from 1, among `candidates`. */
  readonly rank: number;
  /** Number of items that were ranked. */
  readonly candidates: number;
  /** The best correct answer. */
  readonly right: ShownItem & { readonly score: number };
  /** The first answers, best first. */
  readonly answers: readonly (ShownItem & { readonly score: number; readonly isRight: boolean })[];
}

/** Writes a features artifact in UNITER's published formats. */
export type ExportFeatures = (request: {
  readonly features: Pick<DescribedFeatures, "folder" | "files">;
  /** The folder to fill. */
  readonly folder: string;
  /** Used in the names of the files. */
  readonly dataset: string;
  readonly format: "lmdb" | "npz";
}) => Promise<{
  readonly images: number;
  readonly captions: number;
  readonly splits: readonly string[];
}>;
