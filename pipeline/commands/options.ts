/** Kinds of options and arguments, with the checks of their values. */
import { readByteSize } from "../experiment/byte_size.ts";
import { Complaint, nearest } from "../contract/complaint.ts";
import type { Argument, Option } from "./define_command.ts";

export function one(placeholder: string, what: string): Argument & { readonly count: "one" } {
  return { placeholder, what, count: "one" };
}

export function optional(
  placeholder: string,
  what: string,
): Argument & { readonly count: "optional" } {
  return { placeholder, what, count: "optional" };
}

export function any(placeholder: string, what: string): Argument & { readonly count: "any" } {
  return { placeholder, what, count: "any" };
}

export function flag(help: string): Option<boolean> {
  return { help, read: (given) => given.length > 0 };
}

export function text(placeholder: string, help: string): Option<string | undefined> {
  return {
    placeholder,
    help,
    read(given, name) {
      const value = given.at(-1);
      if (value !== "") return value;
      throw new Complaint(`\`${name}\` is empty`, `write \`${name} ${placeholder}\``);
    },
  };
}

/** May be given several times. */
export function list(placeholder: string, help: string): Option<readonly string[]> {
  return { placeholder, help, repeats: true, read: (given) => given };
}

/** One word of several; the first is the default. */
export function choice<const Word extends string>(
  words: readonly [Word, ...Word[]],
  help: string,
): Option<Word> {
  const known = choiceOf(words);
  return {
    placeholder: words.join("|"),
    help: `${help} (default: ${words[0]})`,
    read: (given, name) => given.length === 0 ? words[0] : known(given.at(-1)!, name),
  };
}

/** One word of several, or none. */
export function optionalChoice<const Word extends string>(
  words: readonly [Word, ...Word[]],
  help: string,
): Option<Word | undefined> {
  const known = choiceOf(words);
  return {
    placeholder: words.join("|"),
    help,
    read: (given, name) => given.length === 0 ? undefined : known(given.at(-1)!, name),
  };
}

function choiceOf<Word extends string>(words: readonly Word[]) {
  return (given: string, name: string): Word => {
    const found = words.find((word) => word === given);
    if (found !== undefined) return found;
    const suggestion = nearest(given, words);
    throw new Complaint(
      `\`${name}\` cannot be \`${given}\``,
      suggestion === undefined
        ? `give one of: ${words.join(", ")}`
        : `did you mean \`${suggestion}\`?`,
    );
  };
}

/** A value that is parsed. `expected` completes "give …". */
function parsed<Value>(
  placeholder: string,
  help: string,
  { parse, expected }: {
    readonly parse: (given: string) => Value | undefined;
    readonly expected: string;
  },
): Option<Value | undefined> {
  return {
    placeholder,
    help,
    read(given, name) {
      const last = given.at(-1);
      if (last === undefined) return undefined;
      const value = parse(last);
      if (value !== undefined) return value;
      throw new Complaint(`\`${name}\` cannot be ${JSON.stringify(last)}`, `give ${expected}`);
    },
  };
}

function withDefault<Value>(option: Option<Value | undefined>, value: Value): Option<Value> {
  return {
    ...option,
    help: `${option.help} (default: ${value})`,
    read: (given, name) => option.read(given, name) ?? value,
  };
}

/** A whole number from 1. */
export function count(help: string): Option<number | undefined> {
  return parsed("N", help, {
    parse: (given) => /^[1-9]\d{0,3}$/.test(given) ? Number(given) : undefined,
    expected: "a whole number from 1 to 9999",
  });
}

export function countOr(value: number, help: string): Option<number> {
  return withDefault(count(help), value);
}

export function port(value: number, help: string): Option<number> {
  const isPort = (given: string) => /^\d{1,5}$/.test(given) && Number(given) < 65_536;
  return withDefault(
    parsed("N", help, {
      parse: (given) => isPort(given) ? Number(given) : undefined,
      expected: "a number from 0 to 65535",
    }),
    value,
  );
}

const secondsOf: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds, given as `12h`, `30d` or `8w`. */
export function duration(placeholder: string, help: string): Option<number | undefined> {
  return parsed(placeholder, help, {
    parse(given) {
      const [, number, unit] = /^(\d{1,6})([mhdw])$/.exec(given) ?? [];
      return number === undefined ? undefined : Number(number) * secondsOf[unit!]!;
    },
    expected: "a time such as 12h, 30d or 8w",
  });
}

/** Bytes, given as `8GB`. */
export function byteSize(help: string): Option<number | undefined> {
  return parsed("SIZE", help, { parse: readByteSize, expected: "a size such as 8GB" });
}

/** Several names in one value, separated by commas. */
export function names(placeholder: string, help: string): Option<readonly string[] | undefined> {
  return parsed(placeholder, help, {
    parse(given) {
      const all = given.split(",").map((name) => name.trim());
      return all.includes("") ? undefined : all;
    },
    expected: "names separated by commas",
  });
}
