/** What rows of the result tables look like: checked when a stage records them, and when they are read. */

/** A table that stages record rows in; `run`, its first column, is not recorded. */
export interface ResultTable {
  readonly columns: readonly ResultColumn[];
}

export interface ResultColumn {
  readonly name: string;
  /** In DuckDB. */
  readonly type: string;
  /** It may not be NULL. */
  readonly required: boolean;
}

export type ResultTables = Readonly<Record<string, ResultTable>>;

/** Why a row cannot be stored, in words; undefined if it can. */
export function misfit(row: unknown, table: string, { columns }: ResultTable): string | undefined {
  if (row === null || typeof row !== "object" || Array.isArray(row)) return "it is not a row";
  const values = new Map<string, unknown>(Object.entries(row));
  for (const { name, type, required } of columns) {
    const value = values.get(name) ?? null;
    if (value === null && required) return `column \`${name}\` of table \`${table}\` is missing`;
    if (value === null || isOfType(value, type)) continue;
    return `column \`${name}\` of table \`${table}\` is ${kindOf(type)}, not ${shown(value)}`;
  }
  return undefined;
}

/** The names in a row that are no columns of its table. */
export function unknownColumns(row: object, { columns }: ResultTable): string[] {
  const known = new Set(columns.map(({ name }) => name));
  return Object.keys(row).filter((name) => !known.has(name));
}

/** Numbers that JSON lacks, as they are stored. */
const namedNumbers = ["NaN", "Infinity", "-Infinity"];

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "VARCHAR": // numbers and truth values are stored as text
      return ["string", "number", "boolean"].includes(typeof value);
    case "DOUBLE":
      return typeof value === "number" || namedNumbers.includes(value as string);
    case "INTEGER":
      return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31;
    case "BIGINT":
      return Number.isSafeInteger(value);
    case "BOOLEAN":
      return typeof value === "boolean";
    default:
      throw new Error(`internal: rows cannot hold values of type ${type}`);
  }
}

function kindOf(type: string): string {
  const kinds: Readonly<Record<string, string>> = {
    VARCHAR: "a text",
    DOUBLE: "a number",
    INTEGER: "a whole number",
    BIGINT: "a whole number",
    BOOLEAN: "true or false",
  };
  return kinds[type] ?? type;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
