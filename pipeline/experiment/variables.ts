/** `${NAME}` and `${NAME:-default}` in the values of an experiment file. */
import { isScalar, parseDocument, type Scalar } from "yaml";
import { clipped } from "./shown_value.ts";

/** What a request may read of the world; passed in so that tests and keys see all of it. */
export type Environment = (name: string) => string | undefined;

const variable = /\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\})?/g;

/** In characters, over a whole file. */
const mostReplaced = 1 << 20;

/**
 * @param complain is told what is wrong with a scalar, and how to mend it
 * @returns replaces the variables of a scalar; one that is nothing else is typed as YAML types it
 */
export function replaceVariables(
  environment: Environment,
  complain: (what: string, fix: string, node: Scalar) => void,
): (scalar: Scalar) => void {
  let left = mostReplaced;
  return (scalar) => {
    const text = String(scalar.value);
    let whole = false;
    const replaced = text.replace(variable, (found, name?: string, fallback?: string) => {
      whole = found === text;
      if (name === undefined) {
        complain(
          "`${` begins no variable here",
          "write ${NAME} or ${NAME:-default}, none within another",
          scalar,
        );
        return "";
      }
      if (left < 0) return "";
      const given = environment(name);
      // As in a shell: `:-` also stands in for a value that is empty.
      const value = (given === "" ? undefined : given) ?? fallback ?? given;
      if (value === undefined) {
        complain(
          `the environment variable ${clipped(name)} is not set`,
          `set it, or give a default: \${${clipped(name)}:-value}`,
          scalar,
        );
        return "";
      }
      left -= value.length;
      if (left >= 0) return value;
      complain(
        `the environment's variables give more than ${mostReplaced >> 20} MiB of text`,
        "keep data out of the environment; name files instead",
        scalar,
      );
      return "";
    });
    scalar.value = whole ? typed(replaced) : replaced;
    if (typeof scalar.value === "number" && !Number.isFinite(scalar.value)) scalar.value = replaced;
  };
}

/** A scalar as YAML types it: `5` a number, `true` a boolean, all else the text itself. */
function typed(text: string): unknown {
  // Only what can be one scalar, and short, is worth a parser.
  if (text.length > 1000 || !/^(?:[-+.~\w]*|(["']).*\1)$/.test(text)) return text;
  const { contents, errors } = parseDocument(text, { prettyErrors: false });
  if (errors.length > 0 || !isScalar(contents)) return text;
  const exact = typeof contents.value !== "number" || !/^[-+]?\d+$/.test(text) ||
    Number.isSafeInteger(contents.value);
  return exact ? contents.value : text;
}
