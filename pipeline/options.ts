/** The command line, read and checked: which subcommand, with what. */
import { parseArgs } from "node:util";
import { readByteSize } from "./byte_size.ts";
import { Complaint, nearest } from "./complaint.ts";

export type Command =
  | { readonly name: "help" }
  | { readonly name: "worker" }
  | { readonly name: "rebuild"; readonly results: string }
  | {
    readonly name: "export";
    readonly results: string;
    /** The folder to make. */
    readonly folder: string;
    /** Name or file of an experiment. */
    readonly experiment?: string;
    readonly withArtifacts: boolean;
    readonly license?: string;
  }
  | {
    readonly name: "doctor";
    readonly results: string;
    readonly file: string;
    readonly set: readonly string[];
    readonly only: readonly string[];
    readonly jobs: number;
    readonly threads: number;
  }
  | {
    readonly name: "status";
    readonly results: string;
    readonly file?: string;
    readonly set: readonly string[];
    readonly threads: number;
    readonly json: boolean;
  }
  | {
    readonly name: "runs";
    readonly results: string;
    /** Name or file of an experiment. */
    readonly experiment?: string;
    readonly stage?: string;
    /** Absent for all. */
    readonly limit?: number;
    readonly json: boolean;
  }
  | {
    readonly name: "show";
    readonly results: string;
    /** Beginning of a key, or a label. */
    readonly run: string;
    readonly json: boolean;
  }
  | {
    readonly name: "compare";
    readonly results: string;
    /** Two runs or two experiments. */
    readonly both: readonly [string, string];
    readonly json: boolean;
  }
  | {
    readonly name: "report";
    readonly results: string;
    /** As commands of the same folder need it: `--results DIR`, or nothing where it was not given. */
    readonly resultsOption: readonly string[];
    /** Name or file. */
    readonly experiment: string;
    /** Name or file of another. */
    readonly against?: string;
    readonly set: readonly string[];
    /** The folder to write. */
    readonly out?: string;
  }
  | {
    readonly name: "why";
    readonly results: string;
    readonly file: string;
    /** Name or label. */
    readonly stage: string;
    /** Beginning of a key. */
    readonly against?: string;
    readonly set: readonly string[];
    readonly threads: number;
    readonly json: boolean;
  }
  | {
    readonly name: "search";
    readonly results: string;
    readonly file: string;
    readonly query: string;
    readonly set: readonly string[];
    readonly only: readonly string[];
    readonly split?: string;
    readonly count: number;
    readonly threads: number;
    readonly page?: string;
    readonly json: boolean;
  }
  | {
    readonly name: "watch";
    readonly results: string;
    /** Name or file. */
    readonly experiment?: string;
    readonly port: number;
  }
  | {
    readonly name: "tensorboard";
    readonly results: string;
    /** The folder to make. */
    readonly folder: string;
    /** Name or file. */
    readonly experiment?: string;
  }
  | {
    readonly name: "wrong";
    readonly results: string;
    readonly file: string;
    readonly set: readonly string[];
    readonly only: readonly string[];
    readonly count: number;
    readonly direction?: "i2t" | "t2i";
    readonly threads: number;
    readonly page?: string;
    readonly json: boolean;
  }
  | {
    readonly name: "export-features";
    readonly results: string;
    readonly file: string;
    /** Name of a stage, or of one point of it. */
    readonly stage: string;
    /** The folder to make. */
    readonly folder: string;
    readonly format: "lmdb" | "npz";
    readonly set: readonly string[];
    readonly threads: number;
  }
  | {
    readonly name: "gc";
    readonly results: string;
    readonly keepLast: number;
    /** Names or files. */
    readonly keepExperiments?: readonly string[];
    /** Seconds. */
    readonly olderThan: number;
    readonly yes: boolean;
    readonly json: boolean;
  }
  | {
    readonly name: "verify";
    readonly results: string;
    readonly file: string;
    readonly names: readonly string[];
    readonly set: readonly string[];
    readonly jobs: number;
    readonly threads: number;
    readonly json: boolean;
  }
  | {
    readonly name: "sql";
    readonly results: string;
    readonly query: string;
    readonly format: SqlFormat;
  }
  | {
    readonly name: "run";
    readonly results: string;
    readonly file: string;
    readonly set: readonly string[];
    readonly only: readonly string[];
    readonly force: readonly string[];
    readonly jobs: number;
    readonly threads: number;
    /** Bytes that stages may declare at once; absent: the machine's. */
    readonly memory?: number;
    /** GPUs that stages may use at once; absent: those found. */
    readonly gpus?: number;
    readonly planOnly: boolean;
    readonly verify: boolean;
    readonly failFast: boolean;
    readonly show: "progress" | "result" | "events";
  };

export type SqlFormat = "table" | "json" | "csv";

export const helpText = `usage: deno task run EXPERIMENT.yaml [options]
       deno task sql "SELECT …" [--format table|json|csv]
       deno task doctor EXPERIMENT.yaml [options]
       deno task status [EXPERIMENT.yaml] [--json]
       deno task why EXPERIMENT.yaml STAGE [--against RUN] [--json]
       deno task gc [--keep-last N] [--keep-experiments A,B] [--older-than 30d]
                    [--yes | --dry-run] [--json]
       deno task verify EXPERIMENT.yaml [STAGE|RUN …] [--json]
       deno task search EXPERIMENT.yaml "WORDS"|PICTURE [--count N] [--json]
       deno task wrong EXPERIMENT.yaml [--direction i2t|t2i] [--count N]
       deno task runs [EXPERIMENT] [--stage STAGE] [--limit N] [--json]
       deno task show RUN [--json]
       deno task compare A B [--json]
       deno task report EXPERIMENT [--against B] [--out DIR]
       deno task export DIR [--experiment NAME] [--with-artifacts]
       deno task export-features EXPERIMENT.yaml STAGE DIR [--format npz|lmdb]
       deno task watch [EXPERIMENT] [--port N]
       deno task tensorboard DIR [--experiment NAME]
       deno task rebuild

run: makes what an experiment needs and is not stored yet, and prints its report
  --plan                     say what would run and why; change nothing
  --set STAGE.PARAM=VALUE    change a parameter; a list replaces a matrix's axis
  --only STAGE               only this stage and what it needs; points of it by
                             their values: --only 'tuned[alignment=sparse]'
  --force STAGE              run this stage although its result is stored
  --verify                   first read all stored files and compare digests
  --jobs N                   stages that run at once (default 1), as far as
                             threads, memory and GPUs reach
  --threads N                threads of a stage (default: all cores)
  --memory SIZE, --gpus N    what they may take at once (default: all there is)
  --fail-fast                when a stage fails, stop the others too
  --quiet                    only warnings, failures and the report
  --json                     one JSON object per line for all that happens
doctor: looks whether a run can start (data, checkpoint, library, memory, disk)
  and measures how long it takes; takes --set, --only, --jobs, --threads as run
status: what of an experiment is stored, running, failed or still to run, and
  its size; takes --set and --threads as run does; without a file, a line per
  experiment ever asked, and what takes the disk
gc: what no kept asking of an experiment needs, and what kills and repairs left;
  shows what would go, and deletes it with --yes; what a live run holds stays
  --keep-last N              keep the last N askings per experiment (default 1)
  --keep-experiments A,B     keep these only (names or files; default: all)
  --older-than 30d           only what is older (12h, 30d, 8w)
verify: makes stored results again in a scratch folder and compares them bit by
  bit; prints and keeps a certificate of each; takes --set, --jobs, --threads
search: the images that fit words best, or the captions that fit a picture, by a
  tuned model of the store; writes a page with thumbnails, too
  --only 'recall[seed=1]'    which evaluated point (default: the first stored)
  --split S, --page FILE     other images; another place for the page
wrong: the queries of an evaluation whose right answers come latest, and what
  came first instead; a page with pictures, too; --only, --page as for search
why: what exactly a stage's key now and the last run of that label differ in, or
  the run whose key begins with RUN: parameters, lines of code, packages, files,
  inputs; takes --set and --threads as run does
runs: stage runs, the latest first, with point, time and main metrics; of an
  experiment (its name or file) or of all; the latest 20, or N with --limit N
show: everything about one run, named by the beginning of its key or its label:
  parameters, inputs, files from outside, versions, metrics, files, logs
compare: two runs, or two experiments: what differs, and their metrics beside
  each other; NAME~1 is the choice of parameters that was asked before the last
report: what an experiment (its name or file) found, from what is stored: as
  Markdown for people and GitHub, and as one page that needs no network
  --against B                what changed since B: NAME~1, or another experiment
  --set STAGE.PARAM=VALUE    the asking that was run with this
  --out DIR                  where to write (default: RESULTS/reports/NAME)
sql: asks the result database; it is opened read-only
export: a new folder DIR with all tables as Parquet, experiment files as asked,
  manifests, and ro-crate-metadata.json, which says what was made from what
  --experiment NAME          one experiment only, by its name or its file
  --with-artifacts           the artifacts' files too: a results folder again
  --license URL              what the description names as licence
export-features: a new folder DIR with the features that a stage has made, as
  UNITER's code reads them: img_db and txt_db; takes --set as run does
  --format npz|lmdb          a file per image in float32, or LMDB in float16, as
                             published (default: lmdb)
watch: curves of a running experiment (by default the last one asked) in the
  browser, for this machine alone, until Ctrl-C; --port N (default: 8017)
tensorboard: a new folder DIR of event files: curves and metrics, run by run
rebuild: makes the database anew from the stored artifacts
for every command:
  --results DIR              where artifacts and database lie (default: results)
`;

const shared = { results: { type: "string" }, help: { type: "boolean" } } as const;
const optionsOf = {
  run: {
    ...shared,
    plan: { type: "boolean" },
    verify: { type: "boolean" },
    set: { type: "string", multiple: true },
    only: { type: "string", multiple: true },
    force: { type: "string", multiple: true },
    jobs: { type: "string" },
    threads: { type: "string" },
    memory: { type: "string" },
    gpus: { type: "string" },
    "fail-fast": { type: "boolean" },
    quiet: { type: "boolean" },
    json: { type: "boolean" },
  },
  doctor: {
    ...shared,
    set: { type: "string", multiple: true },
    only: { type: "string", multiple: true },
    jobs: { type: "string" },
    threads: { type: "string" },
  },
  status: {
    ...shared,
    set: { type: "string", multiple: true },
    threads: { type: "string" },
    json: { type: "boolean" },
  },
  runs: {
    ...shared,
    stage: { type: "string" },
    limit: { type: "string" },
    json: { type: "boolean" },
  },
  show: { ...shared, json: { type: "boolean" } },
  compare: { ...shared, json: { type: "boolean" } },
  report: {
    ...shared,
    against: { type: "string" },
    set: { type: "string", multiple: true },
    out: { type: "string" },
  },
  gc: {
    ...shared,
    "keep-last": { type: "string" },
    "keep-experiments": { type: "string" },
    "older-than": { type: "string" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
    json: { type: "boolean" },
  },
  verify: {
    ...shared,
    set: { type: "string", multiple: true },
    jobs: { type: "string" },
    threads: { type: "string" },
    json: { type: "boolean" },
  },
  search: {
    ...shared,
    set: { type: "string", multiple: true },
    only: { type: "string", multiple: true },
    split: { type: "string" },
    count: { type: "string" },
    threads: { type: "string" },
    page: { type: "string" },
    json: { type: "boolean" },
  },
  wrong: {
    ...shared,
    set: { type: "string", multiple: true },
    only: { type: "string", multiple: true },
    count: { type: "string" },
    direction: { type: "string" },
    threads: { type: "string" },
    page: { type: "string" },
    json: { type: "boolean" },
  },
  why: {
    ...shared,
    against: { type: "string" },
    set: { type: "string", multiple: true },
    threads: { type: "string" },
    json: { type: "boolean" },
  },
  sql: { ...shared, format: { type: "string" } },
  watch: { ...shared, port: { type: "string" } },
  tensorboard: { ...shared, experiment: { type: "string" } },
  export: {
    ...shared,
    experiment: { type: "string" },
    "with-artifacts": { type: "boolean" },
    license: { type: "string" },
  },
  "export-features": {
    ...shared,
    format: { type: "string" },
    set: { type: "string", multiple: true },
    threads: { type: "string" },
  },
  rebuild: shared,
} as const;

type Options = Record<string, { type: "string" | "boolean"; multiple?: boolean }>;

/**
 * @param defaults what is used where the command line does not say
 * @throws Complaint for anything unknown or malformed
 */
export function readCommand(
  args: readonly string[],
  defaults: { readonly results: string; readonly threads: number },
): Command {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    return { name: "help" };
  }
  if (name === "worker") return { name };
  if (!Object.hasOwn(optionsOf, name)) {
    const known = [...Object.keys(optionsOf), "help"];
    const meant = nearest(name, known);
    throw new Complaint(
      `there is no command \`${name}\``,
      meant === undefined
        ? `the commands are ${known.map((each) => `\`${each}\``).join(", ")}`
        : `did you mean \`${meant}\`?`,
    );
  }
  const { values, positionals } = parse(name as keyof typeof optionsOf, rest);
  if (values["help"] === true) return { name: "help" };
  const results = text(values, "results") ?? defaults.results;
  if (results === "") throw new Complaint("`--results` names no folder", "write `--results DIR`");
  switch (name as keyof typeof optionsOf) {
    case "doctor":
      return {
        name: "doctor",
        results,
        file: onePositional(
          positionals,
          "experiment file",
          "deno task doctor experiments/smoke.yaml",
        ),
        set: list(values, "set"),
        only: list(values, "only"),
        jobs: count(values, "jobs") ?? 1,
        threads: count(values, "threads") ?? defaults.threads,
      };
    case "run": {
      const memory = byteSize(values, "memory");
      const gpus = count(values, "gpus");
      if (values["quiet"] === true && values["json"] === true) {
        throw new Complaint("`--quiet` and `--json` are both given", "give one of the two");
      }
      return {
        name: "run",
        results,
        file: onePositional(positionals, "experiment file", "deno task run experiments/smoke.yaml"),
        set: list(values, "set"),
        only: list(values, "only"),
        force: list(values, "force"),
        jobs: count(values, "jobs") ?? 1,
        threads: count(values, "threads") ?? defaults.threads,
        ...(memory !== undefined && { memory }),
        ...(gpus !== undefined && { gpus }),
        planOnly: values["plan"] === true,
        verify: values["verify"] === true,
        failFast: values["fail-fast"] === true,
        show: values["json"] === true ? "events" : values["quiet"] === true ? "result" : "progress",
      };
    }
    case "status": {
      const file = positionals.length === 0
        ? undefined
        : onePositional(positionals, "experiment file", "deno task status experiments/smoke.yaml");
      return {
        name: "status",
        results,
        ...(file !== undefined && { file }),
        set: list(values, "set"),
        threads: count(values, "threads") ?? defaults.threads,
        json: values["json"] === true,
      };
    }
    case "runs": {
      const experiment = positionals.length === 0
        ? undefined
        : onePositional(positionals, "experiment", "deno task runs smoke");
      const json = values["json"] === true;
      const stage = text(values, "stage");
      const limit = count(values, "limit") ?? (json ? undefined : 20);
      return {
        name: "runs",
        results,
        ...(experiment !== undefined && { experiment }),
        ...(stage !== undefined && { stage }),
        ...(limit !== undefined && { limit }),
        json,
      };
    }
    case "show":
      return {
        name: "show",
        results,
        run: onePositional(positionals, "run", "deno task show 3fa29c1b"),
        json: values["json"] === true,
      };
    case "compare": {
      const [first, second, third] = positionals;
      if (first === undefined || second === undefined || third !== undefined) {
        throw new Complaint(
          "`compare` wants two runs or two experiments",
          "for example: deno task compare scenes_iais~1 scenes_iais",
        );
      }
      const json = values["json"] === true;
      return { name: "compare", results, both: [first, second], json };
    }
    case "report": {
      const against = text(values, "against");
      const out = text(values, "out");
      for (const [option, value] of [["--against", against], ["--out", out]]) {
        if (value === "") throw new Complaint(`\`${option}\` is empty`, "give it a value");
      }
      return {
        name: "report",
        results,
        resultsOption: text(values, "results") === undefined ? [] : ["--results", results],
        experiment: onePositional(positionals, "experiment", "deno task report smoke"),
        ...(against !== undefined && { against }),
        set: list(values, "set"),
        ...(out !== undefined && { out }),
      };
    }
    case "gc": {
      if (positionals.length > 0) {
        throw new Complaint(
          `\`${positionals[0]}\` is not expected here`,
          "write `deno task gc --keep-last 2`",
        );
      }
      if (values["yes"] === true && values["dry-run"] === true) {
        throw new Complaint("`--yes` and `--dry-run` are both given", "give one of the two");
      }
      const experiments = text(values, "keep-experiments")?.split(",").map((name) => name.trim());
      if (experiments?.includes("")) {
        throw new Complaint(
          "`--keep-experiments` has an empty name",
          "write names with `,` between",
        );
      }
      return {
        name: "gc",
        results,
        keepLast: count(values, "keep-last") ?? 1,
        ...(experiments !== undefined && { keepExperiments: experiments }),
        olderThan: duration(values, "older-than") ?? 0,
        yes: values["yes"] === true,
        json: values["json"] === true,
      };
    }
    case "verify": {
      const [file, ...names] = positionals;
      if (file === undefined || file.trim() === "") {
        throw new Complaint(
          "which experiment file?",
          "for example: deno task verify experiments/smoke.yaml recall",
        );
      }
      return {
        name: "verify",
        results,
        file,
        names,
        set: list(values, "set"),
        jobs: count(values, "jobs") ?? 1,
        threads: count(values, "threads") ?? defaults.threads,
        json: values["json"] === true,
      };
    }
    case "search": {
      const [file, query, third] = positionals;
      if (file === undefined || query === undefined || third !== undefined || query.trim() === "") {
        throw new Complaint(
          "`search` wants an experiment file and a query, in quotes if it has several words",
          'for example: deno task search experiments/scenes_iais.yaml "a red ball"',
        );
      }
      const split = text(values, "split");
      const page = text(values, "page");
      return {
        name: "search",
        results,
        file,
        query,
        set: list(values, "set"),
        only: list(values, "only"),
        ...(split !== undefined && { split }),
        count: count(values, "count") ?? 10,
        threads: count(values, "threads") ?? defaults.threads,
        ...(page !== undefined && { page }),
        json: values["json"] === true,
      };
    }
    case "wrong": {
      const [file, second] = positionals;
      if (file === undefined || second !== undefined) {
        throw new Complaint(
          "`wrong` wants an experiment file",
          "for example: deno task wrong experiments/smoke.yaml",
        );
      }
      const page = text(values, "page");
      const direction = text(values, "direction");
      if (direction !== undefined && direction !== "i2t" && direction !== "t2i") {
        throw new Complaint(
          `--direction is i2t or t2i, not \`${direction}\``,
          "i2t: pictures ask for captions; t2i: captions ask for pictures",
        );
      }
      return {
        name: "wrong",
        results,
        file,
        set: list(values, "set"),
        only: list(values, "only"),
        count: count(values, "count") ?? 12,
        ...(direction !== undefined && { direction }),
        threads: count(values, "threads") ?? defaults.threads,
        ...(page !== undefined && { page }),
        json: values["json"] === true,
      };
    }
    case "why": {
      const [file, stage, third] = positionals;
      if (file === undefined || stage === undefined || third !== undefined) {
        throw new Complaint(
          "`why` wants an experiment file and a stage",
          "for example: deno task why experiments/smoke.yaml tuned",
        );
      }
      const against = text(values, "against");
      return {
        name: "why",
        results,
        file,
        stage,
        ...(against !== undefined && { against }),
        set: list(values, "set"),
        threads: count(values, "threads") ?? defaults.threads,
        json: values["json"] === true,
      };
    }
    case "sql":
      return {
        name: "sql",
        results,
        query: onePositional(positionals, "query", `deno task sql "SELECT * FROM leaderboard"`),
        format: format(text(values, "format")),
      };
    case "watch": {
      const [experiment, second] = positionals;
      if (second !== undefined) {
        throw new Complaint(
          "`watch` takes one experiment, or none for the last one asked",
          "for example: deno task watch scenes_iais",
        );
      }
      return {
        name: "watch",
        results,
        ...(experiment !== undefined && { experiment }),
        port: portNumber(values),
      };
    }
    case "tensorboard": {
      const experiment = text(values, "experiment");
      return {
        name: "tensorboard",
        results,
        folder: onePositional(positionals, "folder", "deno task tensorboard /tmp/curves"),
        ...(experiment !== undefined && { experiment }),
      };
    }
    case "export": {
      const experiment = text(values, "experiment");
      const license = text(values, "license");
      return {
        name: "export",
        results,
        folder: onePositional(positionals, "folder", "deno task export /tmp/results_export"),
        ...(experiment !== undefined && { experiment }),
        withArtifacts: values["with-artifacts"] === true,
        ...(license !== undefined && { license }),
      };
    }
    case "export-features": {
      const [file, stage, folder, fourth] = positionals;
      if (file === undefined || stage === undefined || !folder || fourth !== undefined) {
        throw new Complaint(
          "`export-features` wants an experiment file, a stage and a folder to make",
          "for example: deno task export-features experiments/smoke.yaml features /tmp/features",
        );
      }
      return {
        name: "export-features",
        results,
        file,
        stage,
        folder,
        format: featuresFormat(text(values, "format")),
        set: list(values, "set"),
        threads: count(values, "threads") ?? defaults.threads,
      };
    }
    case "rebuild":
      if (positionals.length > 0) {
        throw new Complaint(
          `\`${positionals[0]}\` is not expected here`,
          "write `deno task rebuild`",
        );
      }
      return { name: "rebuild", results };
    default:
      throw new Error(`internal: command ${name}`);
  }
}

type Values = Record<string, unknown>;

function parse(
  command: keyof typeof optionsOf,
  args: readonly string[],
): { values: Values; positionals: string[] } {
  const options: Options = optionsOf[command];
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    const option = /'(-[^'=<\s]*)/.exec((cause as Error).message)?.[1] ?? "?";
    const names = Object.keys(options).map((name) => `--${name}`);
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
      const meant = nearest(option, names);
      throw new Complaint(
        `\`${command}\` has no option \`${option}\``,
        meant === undefined ? `its options are ${names.join(", ")}` : `did you mean \`${meant}\`?`,
        { cause },
      );
    }
    const takesValue = options[option.slice(2)]?.type === "string";
    throw new Complaint(
      takesValue ? `\`${option}\` needs a value` : `\`${option}\` takes no value`,
      takesValue
        ? `write \`${option} VALUE\`, or \`${option}=VALUE\` when the value begins with a dash`
        : `write \`${option}\` alone`,
      { cause },
    );
  }
}

function onePositional(positionals: readonly string[], what: string, example: string): string {
  const [first, second] = positionals;
  if (first === undefined || first.trim() === "") {
    throw new Complaint(`which ${what}?`, `for example: ${example}`);
  }
  if (second !== undefined) {
    throw new Complaint(
      `one ${what} is expected, and \`${second}\` is a second`,
      `put quotes around what belongs together, as in: ${example}`,
    );
  }
  return first;
}

function text(values: Values, name: string): string | undefined {
  return values[name] as string | undefined;
}

function list(values: Values, name: string): string[] {
  return (values[name] as string[] | undefined) ?? [];
}

function count(values: Values, name: string): number | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  if (/^[1-9]\d{0,3}$/.test(given)) return Number(given);
  throw new Complaint(`\`--${name}\` is ${JSON.stringify(given)}`, "give a whole number from 1");
}

function portNumber(values: Values): number {
  const given = text(values, "port") ?? "8017";
  if (/^\d{1,5}$/.test(given) && Number(given) < 65_536) return Number(given);
  throw new Complaint(`\`--port\` is ${JSON.stringify(given)}`, "give a number from 0 to 65535");
}

const secondsOf: Readonly<Record<string, number>> = {
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** Seconds. */
function duration(values: Values, name: string): number | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  const [, number, unit] = /^(\d{1,6})([mhdw])$/.exec(given) ?? [];
  if (number !== undefined) return Number(number) * secondsOf[unit!]!;
  throw new Complaint(
    `\`--${name}\` is ${JSON.stringify(given)}`,
    "give a time such as 12h, 30d or 8w",
  );
}

function byteSize(values: Values, name: string): number | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  const bytes = readByteSize(given);
  if (bytes !== undefined) return bytes;
  throw new Complaint(`\`--${name}\` is ${JSON.stringify(given)}`, "give a size such as 8GB");
}

function format(given = "table"): SqlFormat {
  if (given === "table" || given === "json" || given === "csv") return given;
  const meant = nearest(given, ["table", "json", "csv"]);
  throw new Complaint(
    `there is no format \`${given}\``,
    meant === undefined ? "the formats are table, json and csv" : `did you mean \`${meant}\`?`,
  );
}

function featuresFormat(given = "lmdb"): "lmdb" | "npz" {
  if (given === "lmdb" || given === "npz") return given;
  throw new Complaint(`there is no format \`${given}\``, "the formats are lmdb and npz");
}
