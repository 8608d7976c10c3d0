/** The command line, read and checked: which subcommand, with what. */
import { parseArgs } from "node:util";
import { Complaint, nearest } from "../contract/complaint.ts";
import { type Command, definitions } from "./commands.ts";
import {
  type CommandDefinition,
  type Defaults,
  type Given,
  type Options,
  sharedOptions,
} from "./define_command.ts";

/**
 * @param defaults what is used where the command line does not say
 * @throws Complaint for anything unknown or malformed
 */
export function readCommand(args: readonly string[], defaults: Defaults): Command {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    return { name: "help" };
  }
  if (name === "worker") return { name };
  const definition = definitionOf(name);
  const { values, positionals } = parse(definition, rest);
  if (values.help === true) return { name: "help" };
  const results = values.results ?? defaults.results;
  if (results === "") throw new Complaint("`--results` names no folder", "write `--results DIR`");
  return definition.read({ results, values, positionals, defaults });
}

/**
 * Any of the table. All fit, as `read` is declared as a method, whose parameters are compared both
 * ways; that is sound as long as a reader gets what was parsed by its own options, as here.
 */
type AnyDefinition = CommandDefinition<Options, Command>;

function definitionOf(name: string): AnyDefinition {
  const all: readonly AnyDefinition[] = definitions;
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  const known = [...all.map((each) => each.name), "help"];
  const meant = nearest(name, known);
  throw new Complaint(
    `there is no command \`${name}\``,
    meant === undefined
      ? `the commands are ${known.map((each) => `\`${each}\``).join(", ")}`
      : `did you mean \`${meant}\`?`,
  );
}

function parse(
  { name: command, options: own }: AnyDefinition,
  args: readonly string[],
): Pick<Given<Options>, "values" | "positionals"> {
  const options: Options = { ...sharedOptions, ...own };
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    // Strict parsing has checked each value by its option, which the type does not say.
    return { ...parsed, values: parsed.values as Given<Options>["values"] };
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
