/** `${NAME}` and `${NAME:-default}` in the values of an experiment file. */
import { isScalar, parseDocument, type Scalar } from "yaml";
import { clipped } from "./shown_value.ts";

/** Reads an environment variable; passed in, so that a request depends on nothing hidden. */
export type Environment = (name: string) => string | undefined;

const variable = /\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\})?/g;

/** Limit for all replacements in a file, in characters. */
const mostReplaced = 1 << 20;

/**
 * @param complain receives what is wrong with a scalar, and how to fix it
 * @returns a function that replaces the variables in a scalar; if the scalar consists of one variable
 *   only, YAML's rules give the new value its type
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
          "`${` does not start a valid variable",
          "write ${NAME} or ${NAME:-default}, without nesting",
          scalar,
        );
        return "";
      }
      if (left < 0) return "";
      const given = environment(name);
      // As in a shell, `:-` also replaces an empty value.
      const value = (given === "" ? undefined : given) ?? fallback ?? given;
      if (value === undefined) {
        complain(
          `the environment variable ${clipped(name)} is not set`,
          `set it, or write a default: \${${clipped(name)}:-value}`,
          scalar,
        );
        return "";
      }
      left -= value.length;
      if (left >= 0) return value;
      complain(
        `environment variables expand to more than ${mostReplaced >> 20} MiB of text`,
        "keep data out of the environment; refer to files instead",
        scalar,
      );
      return "";
    });
    scalar.value = whole ? typed(replaced) : replaced;
    if (typeof scalar.value === "number" && !Number.isFinite(scalar.value)) scalar.value = replaced;
  };
}

/** A scalar as YAML types it: `5` is a number, `true` a boolean, anything else the text itself. */
function typed(text: string): unknown {
  // Only a short text that can be a single scalar needs the parser.
  if (text.length > 1000 || !/^(?:[-+.~\w]*|(["']).*\1)$/.test(text)) return text;
  const { contents, errors } = parseDocument(text, { prettyErrors: false });
  if (errors.length > 0 || !isScalar(contents)) return text;
  const exact = typeof contents.value !== "number" || !/^[-+]?\d+$/.test(text) ||
    Number.isSafeInteger(contents.value);
  return exact ? contents.value : text;
}
