/** Reads the command line: which command, with which arguments and options. */
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { Complaint, nearest } from "../contract/complaint.ts";
import { commands, helpCommand } from "./commands.ts";
import {
  type Command,
  findCommand,
  type Invocation,
  listed,
  type Option,
  optionName,
} from "./define_command.ts";
import { realPath } from "../disk/real_path.ts";
import { sharedOptions } from "./shared_options.ts";
import { workerCommand } from "./worker.ts";

/**
 * @param defaultResults the results folder without `--results`, absolute
 * @throws Complaint about anything unknown or malformed
 */
export function readCommand(args: readonly string[], defaultResults: string): Invocation {
  const [name, ...rest] = args;
  const help = (about: string | undefined): Invocation => ({
    command: helpCommand,
    request: { results: defaultResults, resultsOption: [], command: about },
  });
  if (name === undefined || name === "--help" || name === "-h") return help(undefined);
  const command = name === workerCommand.name ? workerCommand : findCommand(commands, name);
  const { values, words } = parse(command, rest);
  if (values["help"] === true) return help(name);
  const results = values["results"] as string | undefined;
  return {
    command,
    request: {
      ...values,
      ...readArguments(command, words),
      results: realPath(results === undefined ? defaultResults : resolve(results)),
      resultsOption: results === undefined ? [] : ["--results", results],
    },
  };
}

/** Values by the keys of the options, and the words that belong to no option. */
function parse(
  { name: command, options: own }: Command,
  args: readonly string[],
): { values: Record<string, unknown>; words: readonly string[] } {
  const options: readonly (readonly [string, Option<unknown>])[] = [
    ...Object.entries(own),
    ...Object.entries(sharedOptions),
  ];
  const config = Object.fromEntries(options.map(([key, { placeholder }]) => [
    optionName(key).slice(2),
    placeholder === undefined
      ? { type: "boolean" as const, ...(key === "help" && { short: "h" }) }
      : { type: "string" as const, multiple: true },
  ]));
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: config,
      allowPositionals: true,
      strict: true,
    });
    const read = options.map(([key, option]) => {
      const name = optionName(key);
      const value = values[name.slice(2)];
      const given = Array.isArray(value) ? value.map(String) : value === true ? [""] : [];
      return [key, option.read(given, name)];
    });
    return { values: Object.fromEntries(read), words: positionals };
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    if (!code?.startsWith("ERR_PARSE_ARGS_")) throw cause;
    const name = /'(?:-\w, )?(-[^'=<\s]*)/.exec(message)?.[1] ?? "?";
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
      const suggestion = nearest(name, options.map(([key]) => optionName(key)));
      throw new Complaint(
        `\`${command}\` has no option \`${name}\``,
        suggestion === undefined
          ? `list its options with: deno task help ${command}`
          : `did you mean \`${suggestion}\`?`,
        { cause },
      );
    }
    const takesValue = config[name.slice(2)]?.type === "string";
    throw new Complaint(
      takesValue ? `\`${name}\` needs a value` : `\`${name}\` takes no value`,
      takesValue
        ? `write \`${name} VALUE\`, or \`${name}=VALUE\` if the value begins with a dash`
        : `write \`${name}\` alone`,
      { cause },
    );
  }
}

function readArguments(command: Command, words: readonly string[]): Record<string, unknown> {
  const all = Object.entries(command.arguments);
  const fix = `for example: deno task ${command.name} ${command.example}`.trimEnd();
  const missing = all.some(([, { count }], place) => count === "one" && !words[place]?.trim());
  if (missing) {
    const needed = all.flatMap(([, { what, count }]) => count === "one" ? [what] : []);
    throw new Complaint(`\`${command.name}\` needs ${listed(needed)}`, fix);
  }
  const most = all.some(([, { count }]) => count === "any") ? Infinity : all.length;
  const extra = words[most];
  if (extra !== undefined) {
    throw new Complaint(
      `unexpected argument \`${extra}\``,
      all.length === 0
        ? `\`${command.name}\` takes only options, ${fix}`
        : `\`${command.name}\` takes ${listed(all.map(([, { what }]) => what))}; ` +
          `put quotes around text with spaces, ${fix}`,
    );
  }
  if (words.some((word) => word.trim() === "")) throw new Complaint("an argument is empty", fix);
  const read = all.map(([key, { count }], place) =>
    [key, count === "any" ? words.slice(place) : words[place]] as const
  );
  return Object.fromEntries(read);
}
