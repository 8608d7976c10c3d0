/** An experiment file as text and as YAML nodes that know their place. */
import { Composer, type Document, isNode, isScalar, isSeq, Lexer, LineCounter, Parser } from "yaml";
import { Complaint, type Place } from "./complaint.ts";
import { throwComplaints } from "./complaint_list.ts";
import { checkNodes, type Environment } from "./source_nodes.ts";

export type { Environment };

/** A parsed file. `place` says where a node stands. */
export interface SourceText {
  readonly file: string;
  readonly root: unknown;
  place(node: unknown): Place;
  /** The node itself, or what its alias stands for. */
  resolve(node: unknown): unknown;
  /** A node as plain data: maps are objects, lists are arrays. */
  value(node: unknown): unknown;
}

/** In characters; ten thousand stages take half a million. */
export const largestFile = 1 << 21;
/** Words, marks and stretches of space: what time and memory of reading grow with. */
const mostLexemes = 500_000;
const deepestNesting = 64;

/**
 * Parses YAML 1.2. `${NAME}` and `${NAME:-default}` in values are replaced from the environment;
 * a value that is nothing but one `${…}` is typed as YAML would type the text it gave.
 *
 * @throws Complaint, or ComplaintList with every key that stands twice
 */
export function parseSource(text: string, file: string, environment: Environment): SourceText {
  refuseOddText(text, file);
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return line === 0 ? { file } : { file, line, column: col };
  };
  const document = parse(text, lines, placeAt);
  // Of bad syntax the first error alone: what follows it is mostly its consequence.
  throwComplaints(
    document.errors.slice(0, 1).map(({ code, message, pos }) => {
      const { what, fix } = wording(code, message);
      return new Complaint(what, fix, { place: placeAt(pos[0]) });
    }),
  );
  const place = (node: unknown) => isNode(node) && node.range ? placeAt(node.range[0]) : { file };
  const root = document.contents;
  return { file, root, place, ...checkNodes(root, { place, environment }) };
}

/**
 * A value of the command line.
 *
 * @returns also the same with each plain value as the text it was written as
 */
export function parseValue(
  text: string,
  place: Place,
): { readonly value: unknown; readonly written: unknown } {
  const bad = (message: string) =>
    new Complaint(`bad YAML in the value: ${message}`, "quote the value", { place });
  if (text.trim() === "") return { value: null, written: "" };
  const document = parse(text, new LineCounter(), () => place);
  const [error] = document.errors;
  if (error !== undefined) throw bad(error.message);
  const root = document.contents;
  const { value } = checkNodes(root, { place: () => place });
  const written = isScalar(root)
    ? root.source
    : isSeq(root)
    ? root.items.map((item) => isScalar(item) ? item.source : value(item))
    : undefined;
  return { value: value(root), written };
}

function refuseOddText(text: string, file: string): void {
  const place = { file };
  if (text.length > largestFile) {
    throw new Complaint(
      `the experiment file is larger than ${largestFile >> 20} MiB (${text.length} characters)`,
      "keep data out of the experiment file; name files instead",
      { place },
    );
  }
  if (text.includes("\0") || text.includes("\ufffd")) {
    throw new Complaint("this is not a text file in UTF-8", "name a YAML experiment file", {
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

/** Repeated keys are found by `checkNodes`: the library compares each with each. */
const options = {
  schema: "core",
  prettyErrors: false,
  stringKeys: true,
  merge: false,
  uniqueKeys: false,
  resolveKnownTags: false,
} as const;

function parse(text: string, lines: LineCounter, placeAt: (offset: number) => Place): Document {
  const composed = new Composer(options).compose(tokens(text, lines, placeAt), true, text.length);
  const { value: document } = composed.next();
  const { done } = composed.next();
  if (document === undefined || !done) {
    throw new Complaint("the file holds more than one YAML document", "remove the `---` line", {
      place: placeAt(document?.range[2] ?? 0),
    });
  }
  return document;
}

/** The tokens of the text; given up where they get too many or too deep. */
function* tokens(text: string, lines: LineCounter, placeAt: (offset: number) => Place) {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let left = mostLexemes;
  for (const lexeme of new Lexer().lex(text)) {
    if (--left < 0) {
      throw new Complaint(
        `the experiment file has more than ${mostLexemes} words and marks`,
        "write fewer stages, or vary parameters of one stage with `matrix`",
        { place: placeAt(parser.offset) },
      );
    }
    yield* parser.next(lexeme);
    if (parser.stack.length > deepestNesting) {
      throw new Complaint(
        `the experiment file is nested deeper than ${deepestNesting} levels`,
        "write flat maps; a stage needs three levels",
        { place: placeAt(parser.offset) },
      );
    }
  }
  yield* parser.end();
}

function wording(code: string, message: string): { what: string; fix: string } {
  switch (code) {
    case "TAB_AS_INDENT":
      return { what: "a tab indents this line", fix: "indent with spaces; YAML allows no tabs" };
    case "NON_STRING_KEY":
      return { what: "this key is no plain text", fix: "write a word before the `:`" };
    case "MULTIPLE_DOCS":
      return { what: "the file holds more than one YAML document", fix: "remove the `---` line" };
    default:
      return { what: `bad YAML: ${message}`, fix: "mend the YAML at this place" };
  }
}
