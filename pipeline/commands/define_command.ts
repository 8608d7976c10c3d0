/** What a command consists of: its arguments and options as data, its help texts, and what it does. */
import { Complaint, nearest } from "../contract/complaint.ts";
import type { CommandWorld } from "./command_world.ts";

/** An argument without a name: its place on the command line says what it is. */
export interface Argument {
  /** As the usage line shows it: `EXPERIMENT.yaml`. */
  readonly placeholder: string;
  /** As errors name it: `an experiment file`. */
  readonly what: string;
  readonly count: "one" | "optional" | "any";
}

/** An option `--name VALUE`, or a flag `--name`. */
export interface Option<Value> {
  /** The value, as the help shows it: `N`. A flag has none. */
  readonly placeholder?: string;
  /** What the option does, for the help; short enough for one line. */
  readonly help: string;
  /** It may be given several times, and all values count; otherwise the last one counts. */
  readonly repeats?: boolean;
  /**
   * @param given the values on the command line, in order; none if the option is not there
   * @param name the option as the user writes it: `--jobs`
   * @throws Complaint about a malformed value
   */
  read(given: readonly string[], name: string): Value;
}

export type Arguments = Readonly<Record<string, Argument>>;
export type Options = Readonly<Record<string, Option<unknown>>>;

/** What every command is given. */
export type SharedRequest = {
  /** Absolute path of the results folder. */
  readonly results: string;
  /** The option as it was given, for commands that this one suggests: `--results DIR`, or nothing. */
  readonly resultsOption: readonly string[];
};

export type Request<A extends Arguments, O extends Options> =
  & SharedRequest
  & { readonly [Name in keyof A]: ArgumentValue<A[Name]> }
  & { readonly [Name in keyof O]: O[Name] extends Option<infer Value> ? Value : never };

type ArgumentValue<One extends Argument> = One["count"] extends "one" ? string
  : One["count"] extends "optional" ? string | undefined
  : readonly string[];

export interface CommandDefinition<A extends Arguments, O extends Options> {
  readonly name: string;
  /** One line for the list of commands: a phrase that starts with a verb. */
  readonly summary: string;
  /** More, for the help of this command: sentences. */
  readonly details?: string;
  /** In the order in which they are written. */
  readonly arguments: A;
  /** In addition to `--results` and `--help`. A name `keepLast` is written `--keep-last`. */
  readonly options: O;
  /** What follows the name of the command in an example. */
  readonly example: string;
  /** Heavy modules are imported inside, so that other commands start without them. */
  run(request: Request<A, O>, world: CommandWorld): Promise<CommandEnd>;
}

/** The exit code; nothing means 0. */
export type CommandEnd = number | void;

/** A request of any command. */
export type AnyRequest = SharedRequest & Readonly<Record<string, unknown>>;

/**
 * Any command. `run` is declared as a method, so TypeScript compares its request both ways; that is sound
 * as long as a command gets what was read with its own arguments and options (read_command.ts).
 */
export interface Command extends Omit<CommandDefinition<Arguments, Options>, "run"> {
  run(request: AnyRequest, world: CommandWorld): Promise<CommandEnd>;
}

/** A command with a request that was read with its own arguments and options. */
export interface Invocation {
  readonly command: Command;
  readonly request: AnyRequest;
}

/** Gives `run` a request with the types of the arguments and options. */
export function defineCommand<
  const A extends Arguments,
  const O extends Options,
>(definition: CommandDefinition<A, O>): CommandDefinition<A, O> {
  return definition;
}

/** `--keep-last` for `keepLast`. */
export function optionName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** @throws Complaint if there is no such command */
export function findCommand(commands: readonly Command[], name: string): Command {
  const found = commands.find((each) => each.name === name);
  if (found !== undefined) return found;
  const suggestion = nearest(name, commands.map((each) => each.name));
  throw new Complaint(
    `there is no command \`${name}\``,
    suggestion === undefined
      ? "list the commands with: deno task help"
      : `did you mean \`${suggestion}\`?`,
  );
}

/** `a, b and c` */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
