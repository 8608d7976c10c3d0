/**
 * Parses an experiment file into YAML nodes with positions. It drives the lexer, parser and composer
 * of package `yaml` itself, to stop at the first error and before a hostile file takes too long.
 */
import { Composer, type Document, isNode, isScalar, isSeq, Lexer, LineCounter, Parser } from "yaml";
import { Complaint, type Place } from "../contract/complaint.ts";
import { checkNodes, type Environment } from "./yaml_nodes.ts";

export type { Environment };

/** A parsed file. */
export interface SourceText {
  readonly file: string;
  readonly root: unknown;
  /** The position of a node. */
  place(node: unknown): Place;
  /** The node itself, or the node that an alias refers to. */
  resolve(node: unknown): unknown;
  /** A node as plain data: maps are objects, lists are arrays. */
  value(node: unknown): unknown;
}

/** In characters; ten thousand stages need half a million. */
export const largestFile = 1 << 21;
/** Limit for lexical tokens, which determine the time and memory of reading. */
const mostLexemes = 400_000;
const deepestNesting = 64;

/**
 * Parses YAML 1.2. `${NAME}` and `${NAME:-default}` in values are replaced from the environment. If
 * a value consists of one `${…}` only, YAML's rules give the new value its type.
 *
 * @throws Complaint about the first syntax error, or ComplaintList with all errors in nodes
 */
export function parseSource(text: string, file: string, environment: Environment): SourceText {
  checkText(text, file);
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return line === 0 ? { file } : { file, line, column: col };
  };
  const document = parse(text, lines, (code, message, offset) => {
    const { what, fix } = wording(code, message);
    return new Complaint(what, fix, { place: placeAt(offset) });
  });
  const place = (node: unknown) => isNode(node) && node.range ? placeAt(node.range[0]) : { file };
  const root = document.contents;
  return { file, root, place, ...checkNodes(root, { place, environment }) };
}

/**
 * Parses a value from the command line.
 *
 * @returns the value, and `written`: the same with each plain value as its original text
 */
export function parseValue(
  text: string,
  place: Place,
): { readonly value: unknown; readonly written: unknown } {
  const bad = (message: string) =>
    new Complaint(`invalid YAML in the value: ${message.slice(0, 200)}`, "quote the value", {
      place,
    });
  if (text.trim() === "") return { value: null, written: "" };
  const document = parse(text, new LineCounter(), (_, message) => bad(message));
  const root = document.contents;
  const { value } = checkNodes(root, { place: () => place });
  const written = isScalar(root)
    ? root.source
    : isSeq(root)
    ? root.items.map((item) => isScalar(item) ? item.source : value(item))
    : undefined;
  return { value: value(root), written };
}

function checkText(text: string, file: string): void {
  const place = { file };
  if (text.length > largestFile) {
    throw new Complaint(
      `the experiment file is larger than ${largestFile >> 20} MiB (${text.length} characters)`,
      "keep data out of the experiment file; refer to files instead",
      { place },
    );
  }
  if (text.includes("\0") || text.includes("\ufffd")) {
    throw new Complaint("this is not a text file in UTF-8", "give a YAML experiment file", {
      place,
    });
  }
  if (text.trim() === "") {
    throw new Complaint(
      "the experiment file is empty",
      "write `name`, `seed` and `stages`; experiments/smoke.yaml is a short example",
      { place },
    );
  }
}

/** `checkNodes` finds duplicate keys: the package compares each key with every other. */
const options = {
  schema: "core",
  prettyErrors: false,
  stringKeys: true,
  merge: false,
  uniqueKeys: false,
  resolveKnownTags: false,
} as const;

/** Converts an error of the parser to a complaint. */
type ErrorWording = (code: string, message: string, offset: number) => Complaint;

/** Stops at the first error: later ones are mostly consequences of it, and may be endless. */
function parse(text: string, lines: LineCounter, word: ErrorWording): Document {
  const composer = new Composer(options);
  let first: Complaint | undefined;
  const fail = (code: string, message: string, offset: number) => {
    first ??= word(code, message, offset);
    throw first;
  };
  // The original handler would collect an error for each word of a file that is not YAML.
  Object.assign(composer, {
    onError(where: ErrorSource, code: string, message: string, warning = false) {
      if (!warning) fail(code, message, offsetOf(where));
    },
  });
  const composed = composer.compose(tokens(text, lines, fail), true, text.length);
  const { value: document } = composed.next();
  if (document === undefined || !composed.next().done) {
    throw word("MULTIPLE_DOCS", "more than one document", document?.range[2] ?? 0);
  }
  const [error] = document.errors;
  if (error !== undefined) throw word(error.code, error.message, error.pos[0]);
  return document;
}

/** The package's representations of the position of an error. */
type ErrorSource =
  | number
  | readonly number[]
  | { readonly offset: number }
  | { readonly range: readonly number[] };

function offsetOf(where: ErrorSource): number {
  if (typeof where === "number") return where;
  if ("offset" in where) return where.offset;
  return ("range" in where ? where.range : where)[0] ?? 0;
}

/** The tokens of the text; stops when there are too many or they are nested too deeply. */
function* tokens(
  text: string,
  lines: LineCounter,
  fail: (code: string, message: string, offset: number) => never,
) {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let left = mostLexemes;
  for (const lexeme of new Lexer().lex(text)) {
    if (--left < 0) fail("TOO_MANY", "too many words", parser.offset);
    for (const token of parser.next(lexeme)) {
      if (token.type === "error") fail("UNEXPECTED_TOKEN", token.message, token.offset);
      yield token;
    }
    if (parser.stack.length > deepestNesting) fail("TOO_DEEP", "nested too deep", parser.offset);
  }
  yield* parser.end();
}

function wording(code: string, message: string): { what: string; fix: string } {
  switch (code) {
    case "TAB_AS_INDENT":
      return {
        what: "this line is indented with a tab",
        fix: "indent with spaces; YAML forbids tabs",
      };
    case "TOO_MANY":
      return {
        what: `the experiment file has more than ${mostLexemes} words and symbols`,
        fix: "use fewer stages, or vary the parameters of one stage with `matrix`",
      };
    case "TOO_DEEP":
      return {
        what: `the experiment file is nested deeper than ${deepestNesting} levels`,
        fix: "use flatter maps; a stage needs three levels",
      };
    case "NON_STRING_KEY":
      return { what: "this key is not a plain text", fix: "write a word before the `:`" };
    case "MULTIPLE_DOCS":
      return {
        what: "the file contains more than one YAML document",
        fix: "remove the `---` line",
      };
    default:
      return {
        what: `invalid YAML: ${message.length > 200 ? `${message.slice(0, 200)}…` : message}`,
        fix: "fix the YAML at this position",
      };
  }
}
