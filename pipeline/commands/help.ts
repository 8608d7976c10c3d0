/** `help`: lists the commands, or describes one; all of it is taken from their definitions. */
import {
  type Argument,
  type Command,
  defineCommand,
  findCommand,
  listed,
  type Option,
  optionName,
} from "./define_command.ts";
import { optional } from "./options.ts";
import { sharedOptions } from "./shared_options.ts";
import { wrapped } from "../terminal/terminal_text.ts";

const columns = 80;

/** Commands under one heading. */
export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Command[];
}

/** The command `help` over these commands and itself. */
export function helpOver(groups: readonly CommandGroup[]): Command {
  const help: Command = defineCommand({
    name: "help",
    summary: "list the commands, or describe one",
    arguments: { command: optional("COMMAND", "a command") },
    options: {},
    example: "run",
    run({ command: name }, { print, task }) {
      const commands = [...groups.flatMap(({ commands }) => commands), help];
      print(
        name === undefined
          ? overviewText(groups, task)
          : commandHelpText(findCommand(commands, name), task),
      );
      return Promise.resolve();
    },
  });
  return help;
}

/** @param task how a command is started: `deno task` */
export function overviewText(groups: readonly CommandGroup[], task: string): string {
  const blocks = groups.map((
    { title, commands },
  ) => [`${title}:`, ...twoColumns(commands.map(({ name, summary }) => [name, summary]), 15)]);
  return [
    `usage: ${task} COMMAND [arguments] [options]`,
    ...blocks.flatMap((lines) => ["", ...lines]),
    "",
    `Describe one command with: ${task} help COMMAND`,
    "",
  ].join("\n");
}

/** @param task how a command is started: `deno task` */
export function commandHelpText(command: Command, task: string): string {
  const { name, summary, details } = command;
  const about = `${summary[0]!.toUpperCase()}${summary.slice(1)}.`;
  const options = Object.entries({ ...command.options, ...sharedOptions });
  const repeated = options.flatMap(([key, { repeats }]) => repeats ? [optionName(key)] : []);
  return [
    ...usageLines(command, task),
    "",
    ...wrapped(about, columns),
    ...(details === undefined ? [] : ["", ...wrapped(details, columns)]),
    "",
    "options:",
    ...twoColumns(options.map(([key, option]) => [optionText(key, option), option.help])),
    ...(repeated.length === 0 ? [] : ["", `${listed(repeated)} can be given several times.`]),
    "",
    "example:",
    `  ${task} ${name} ${command.example}`.trimEnd(),
    "",
  ].join("\n");
}

function usageLines(command: Command, task: string): string[] {
  const words = Object.values(command.arguments).map(argumentText);
  return wrapped(`usage: ${[task, command.name, ...words, "[options]"].join(" ")}`, columns);
}

function argumentText({ placeholder, count }: Argument): string {
  return { one: placeholder, optional: `[${placeholder}]`, any: `[${placeholder} ...]` }[count];
}

function optionText(key: string, { placeholder }: Option<unknown>): string {
  return [optionName(key), placeholder].filter((part) => part !== undefined).join(" ");
}

/** Names in one column and their meanings in another; the meaning of a long name starts below it. */
function twoColumns(rows: readonly (readonly [string, string])[], least = 0): string[] {
  const width = Math.max(least, ...rows.map(([name]) => name.length).filter((one) => one <= 26));
  return rows.flatMap(([name, meaning]) => {
    const lines = wrapped(meaning, columns - width - 4);
    const first = name.length > width ? [`  ${name}`] : [];
    return [
      ...first,
      ...lines.map((line, number) =>
        `  ${(number === 0 && first.length === 0 ? name : "").padEnd(width)}  ${line}`
      ),
    ];
  });
}
