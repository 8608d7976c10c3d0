/**
 * Finds a request of an experiment. Requests are ordered: the complete ones before the others, which have
 * missing or failed runs, and among them the latest first. `name` is the first, `name~1` the second, and so on.
 */
import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { listRequests, type Preimage, type RequestRecord } from "../database/stored_files.ts";
import { countText, timeText } from "../text/number_text.ts";

/** What an experiment file requests now. */
export interface PresentRequest {
  /** Path of the file. */
  readonly file: string;
  readonly set: readonly string[];
  readonly nodes: readonly PresentNode[];
}

export interface PresentNode {
  readonly label: string;
  /** The kind of stage. */
  readonly kind: string;
  /** Those that are part of the key. */
  readonly parameters: Preimage["parameters"];
  /** Port -> label of the node that it reads. */
  readonly inputs: Readonly<Record<string, string>>;
  /** It depends on files that may be missing, so it may never have had a key. */
  readonly outside: boolean;
}

export interface FindOptions {
  /** What the file requests now, where the experiment is given as a file: no other request is meant. */
  readonly present?: PresentRequest | undefined;
  /** Told when a later request is not the one that was found. */
  warn(line: string): void;
}

/**
 * Requests that need the same runs count as one, dated by the last time it was made.
 *
 * @returns undefined if no experiment of that name was ever requested
 * @throws Complaint if `~N` goes back further than the requests, or a file was never run as it is now
 */
export function findRequest(
  root: string,
  word: string,
  { present, warn }: FindOptions,
): RequestRecord | undefined {
  if (present !== undefined) return findPresent(root, word, present);
  const [, name, back = "0"] = /^(.*?)(?:~(\d{1,4}))?$/.exec(word)!;
  const requests = requestsOf(root, name!);
  if (requests.length === 0) return undefined;
  const request = requests[Number(back)];
  if (request === undefined) {
    throw new Complaint(
      `there is no \`${word}\`: \`${name}\` was requested with ${
        countText(requests.length, "choice", "choices")
      } of parameters`,
      requests.length === 1
        ? `use \`${name}\`; a change of its file, or --set, gives another choice`
        : `the earliest is \`${name}~${requests.length - 1}\``,
    );
  }
  const later = requests.find(({ requested }) => requested > request.requested);
  if (back === "0" && later !== undefined) warn(passedOver(root, later, request));
  return request;
}

/**
 * The first request of an experiment that was made with these `--set` options, in any order.
 *
 * @returns undefined when the experiment was never requested
 * @throws Complaint when it was, but never with these options
 */
export function findRequestWith(
  root: string,
  experiment: string,
  set: readonly string[],
): RequestRecord | undefined {
  const requests = requestsOf(root, experiment);
  if (requests.length === 0) return undefined;
  const wanted = setText(set);
  const found = requests.find(({ source }) => setText(source?.set ?? []) === wanted);
  if (found !== undefined) return found;
  const known = [...new Set(requests.map(({ source }) => setText(source?.set ?? [])))];
  throw new Complaint(
    `\`${experiment}\` was never run with ${wanted}`,
    `run it with these options first; it was run with ${
      known.slice(0, 8).map((text) => text || "no --set").join("; ")
    }`,
  );
}

/** Code may have changed since: what counts are the stages, their parameters and what they read. */
function findPresent(
  root: string,
  experiment: string,
  present: PresentRequest,
): RequestRecord | undefined {
  const requests = requestsOf(root, experiment);
  if (requests.length === 0) return undefined;
  const found = requests.find((request) => isPresent(request, present));
  if (found !== undefined) return found;
  const changes = present.set.length === 0 ? "" : ` and ${setText(present.set)}`;
  throw new Complaint(
    `this experiment was never run with its present parameters${changes}`,
    `run it first, or give its name, \`${experiment}\`, for what was run before`,
    { place: { file: present.file } },
  );
}

function isPresent({ nodes }: RequestRecord, present: PresentRequest): boolean {
  const asked = new Map(present.nodes.map((node) => [node.label, node]));
  const keys = new Map(nodes.map(({ label, key }) => [label, key]));
  if (present.nodes.some(({ label, outside }) => !keys.has(label) && !outside)) return false;
  return nodes.every(({ label, preimage }) => {
    const node = asked.get(label);
    if (node === undefined || node.kind !== preimage.stage) return false;
    const inputs = Object.fromEntries(
      Object.entries(node.inputs).map(([port, input]) => [port, keys.get(input) ?? ""]),
    );
    const parameters = JSON.parse(JSON.stringify(node.parameters)); // as they are stored
    return isDeepStrictEqual(parameters, preimage.parameters) &&
      isDeepStrictEqual(inputs, preimage.inputs);
  });
}

function passedOver(root: string, later: RequestRecord, shown: RequestRecord): string {
  const { experiment } = later;
  const missing = later.nodes.filter((node) => !isStored(root, node)).length;
  return `note: the last request of \`${experiment}\` lacks ${
    countText(missing, "run", "runs")
  }; this is the complete one of ${timeText(shown.requested)}. For the last one, give its file`;
}

function setText(set: readonly string[]): string {
  return set.map((one) => `--set '${one}'`).sort().join(" ");
}

/** The complete ones first, and of these and the others the latest first. */
function requestsOf(root: string, experiment: string): RequestRecord[] {
  const sorted = listRequests(root).filter((one) => one.experiment === experiment)
    .sort((one, other) =>
      one.requested < other.requested ? 1 : one.requested > other.requested ? -1 : 0
    );
  const isComplete = ({ nodes }: RequestRecord) => nodes.every((node) => isStored(root, node));
  const complete = new Set(sorted.filter(isComplete));
  return [...complete, ...sorted.filter((one) => !complete.has(one))];
}

function isStored(root: string, { key, preimage }: RequestRecord["nodes"][number]): boolean {
  return existsSync(`${root}/artifacts/${preimage.stage}/${key}/manifest.json`);
}
