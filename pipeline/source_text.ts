/** An experiment file as text and as YAML nodes that know their place. */
import {
  type Document,
  isAlias,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import { Complaint, type Place } from "./complaint.ts";
import { throwComplaints } from "./complaint_list.ts";

/** A parsed file. `place` says where a node stands. */
export interface SourceText {
  readonly file: string;
  readonly document: Document;
  place(node: unknown): Place;
  /** The node itself, or what its alias stands for. */
  resolve(node: unknown): unknown;
}

/** What a request may read of the world; passed in so that tests and keys see all of it. */
export type Environment = (name: string) => string | undefined;

const largestFile = 1 << 20;
const deepestNesting = 64;

/**
 * Parses YAML 1.2. `${NAME}` and `${NAME:-default}` in values are replaced from the environment;
 * a value that is nothing but one `${…}` is typed as YAML would type the text it gave.
 *
 * @throws Complaint, or ComplaintList with every syntax error found
 */
export function parseSource(text: string, file: string, environment: Environment): SourceText {
  refuseOddText(text, file);
  const lines = new LineCounter();
  const document = parse(text, file, lines);
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return line === 0 ? { file } : { file, line, column: col };
  };
  // Of bad syntax the first error alone: what follows it is mostly its consequence.
  const duplicates = document.errors.filter(({ code }) => code === "DUPLICATE_KEY");
  const told = duplicates.length === document.errors.length
    ? duplicates
    : document.errors.slice(0, 1);
  throwComplaints(told.map(({ code, message, pos }) => {
    const { what, fix } = wording(code, message);
    return new Complaint(what, fix, { place: placeAt(pos[0]) });
  }));
  const source: SourceText = {
    file,
    document,
    place: (node) => {
      const range = (node as Node | null)?.range;
      return range ? placeAt(range[0]) : { file };
    },
    resolve: (node) => isAlias(node) ? node.resolve(document) : node,
  };
  refuseOwnAliases(source);
  replaceVariables(source, environment);
  refuseAliasBombs(source);
  return source;
}

function refuseOddText(text: string, file: string): void {
  const place = { file };
  if (text.length > largestFile) {
    throw new Complaint(
      `the experiment file is larger than 1 MiB (${text.length} characters)`,
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
  const depth = nestingDepth(text);
  if (depth > deepestNesting) {
    throw new Complaint(
      `the experiment file is nested deeper than ${deepestNesting} levels`,
      "write flat maps; a stage needs three levels",
      { place },
    );
  }
}

/** An upper bound of how deep flow brackets and indentation nest, found without recursion. */
function nestingDepth(text: string): number {
  let open = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === "[" || character === "{") deepest = Math.max(deepest, ++open);
    else if (character === "]" || character === "}") open = Math.max(0, open - 1);
  }
  for (const line of text.split("\n")) {
    const dashes = /^\s*((?:[-?]\s+)*)/.exec(line)?.[0].length ?? 0;
    deepest = Math.max(deepest, Math.ceil(dashes / 2));
  }
  return deepest;
}

function parse(text: string, file: string, lineCounter: LineCounter): Document {
  try {
    const options = { lineCounter, prettyErrors: false, stringKeys: true, merge: false } as const;
    return parseDocument(text, options);
  } catch (cause) {
    throw new Complaint(
      `this is no YAML that can be read: ${(cause as Error).message}`,
      "mend it",
      {
        place: { file },
        cause,
      },
    );
  }
}

function wording(code: string, message: string): { what: string; fix: string } {
  switch (code) {
    case "DUPLICATE_KEY":
      return { what: "this key stands here twice", fix: "keep one of the two" };
    case "TAB_AS_INDENT":
      return { what: "a tab indents this line", fix: "indent with spaces; YAML allows no tabs" };
    case "MULTIPLE_DOCS":
      return { what: "the file holds more than one YAML document", fix: "remove the `---` line" };
    default:
      return { what: `bad YAML: ${message}`, fix: "mend the YAML at this place" };
  }
}

const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

function replaceVariables(source: SourceText, environment: Environment): void {
  const missing: Complaint[] = [];
  visit(source.document, {
    Scalar(key, node) {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("${")) return;
      const whole = node.value.match(variable)?.[0] === node.value;
      const replaced = node.value.replace(variable, (_, name: string, fallback?: string) => {
        const given = environment(name);
        // As in a shell: `:-` also stands in for a value that is empty.
        const value = (given === "" ? undefined : given) ?? fallback ?? given;
        if (value === undefined) {
          missing.push(
            new Complaint(
              `the environment variable ${name} is not set`,
              `set it, or give a default: \${${name}:-value}`,
              { place: source.place(node) },
            ),
          );
        }
        return value ?? "";
      });
      node.value = whole ? typed(replaced) : replaced;
    },
  });
  throwComplaints(missing);
}

/** A scalar as YAML types it: `5` a number, `true` a boolean, all else the text itself. */
function typed(text: string): unknown {
  const { contents, errors } = parseDocument(text, { prettyErrors: false });
  return errors.length === 0 && isScalar(contents) ? contents.value : text;
}

/** An alias within the node that it names has no end. */
function refuseOwnAliases(source: SourceText): void {
  visit(source.document, {
    Alias(_, alias, path) {
      const named = alias.resolve(source.document);
      if (named !== undefined && !path.includes(named)) return;
      throw new Complaint(
        named === undefined
          ? `no \`&${alias.source}\` stands before the alias \`*${alias.source}\``
          : `the alias \`*${alias.source}\` lies within the value that it names`,
        "write the value out",
        { place: source.place(alias) },
      );
    },
  });
}

function refuseAliasBombs(source: SourceText): void {
  try {
    source.document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new Complaint(
      `the aliases of the file cannot be resolved: ${(cause as Error).message}`,
      "write the values out, or use fewer aliases",
      { place: { file: source.file }, cause },
    );
  }
}
