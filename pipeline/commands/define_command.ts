/** What a command is made of: its name, its options, and how what was given is read. */

/** An option as `parseArgs` knows it. */
interface Option {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
}

export const flag = { type: "boolean" } as const;
export const text = { type: "string" } as const;
/** May be given several times. */
export const list = { type: "string", multiple: true } as const;

export type Options = Readonly<Record<string, Option>>;

/** Every command takes these. */
export const sharedOptions = { results: text, help: flag } as const;

/** What was given, by the names of the options, so that a reader cannot ask for another. */
type Values<O extends Options> = {
  readonly [Name in keyof O]: ValueOf<O[Name]> | undefined;
};

type ValueOf<One extends Option> = One extends typeof list ? string[]
  : One extends typeof text ? string
  : One extends typeof flag ? boolean
  : unknown;

/** What is used where the command line does not say. */
export interface Defaults {
  readonly results: string;
  readonly threads: number;
}

export interface Given<O extends Options> {
  /** The folder of results, given or by default. */
  readonly results: string;
  readonly values: Values<typeof sharedOptions & O>;
  readonly positionals: readonly string[];
  readonly defaults: Defaults;
}

export interface CommandDefinition<O extends Options, C extends { readonly name: string }> {
  readonly name: C["name"];
  /** Besides those that all commands share, in the order in which an error names them. */
  readonly options: O;
  /** @throws Complaint for anything missing or malformed */
  read(given: Given<O>): C;
}

/** The definition as it is: its reader gets values of the types of its options. */
export function defineCommand<const O extends Options, C extends { readonly name: string }>(
  definition: CommandDefinition<O, C>,
): CommandDefinition<O, C> {
  return definition;
}
