/** Parses schema.sql: its tables and views, and the comments that document them. */

/** A table or a view. */
export interface Relation {
  readonly kind: "TABLE" | "VIEW";
  readonly name: string;
  /** The lines above it; empty when there are none. */
  readonly comment: string;
  /** A table's columns in order; empty for a view. */
  readonly columns: readonly { readonly name: string; readonly comment: string }[];
  /** The statement that creates it. */
  readonly sql: string;
}

/** A comment precedes its table or view, and follows its column on the same line or the next ones. */
export function readSchema(text: string): Relation[] {
  const relations: Relation[] = [];
  let above: string[] = [];
  let lines: string[] | undefined;
  for (const line of text.split("\n")) {
    if (lines === undefined && !line.startsWith("CREATE ")) {
      above = line.startsWith("--") ? [...above, line.slice(2).trim()] : [];
      continue;
    }
    lines = [...lines ?? [], line];
    if (!/;\s*$/.test(line.replace(/--.*/, ""))) continue;
    relations.push(relation(lines, above.join(" ")));
    [above, lines] = [[], undefined];
  }
  return relations;
}

/** Statements that store the comments in a database that has these relations. */
export function commentStatements(relations: readonly Relation[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return relations.flatMap(({ kind, name, comment, columns }) => [
    `COMMENT ON ${kind} ${name} IS ${quoted(comment)};`,
    ...columns.map((column) =>
      `COMMENT ON COLUMN ${name}.${column.name} IS ${quoted(column.comment)};`
    ),
  ]).join("\n");
}

function relation(lines: readonly string[], comment: string): Relation {
  const [, kind, name] = /^CREATE (TABLE|VIEW) (\w+)/.exec(lines[0]!) ?? [];
  if (kind === undefined || name === undefined) {
    throw new Error(
      `internal: schema.sql creates something other than a table or view: ${lines[0]}`,
    );
  }
  const isTable = kind === "TABLE";
  return {
    kind: isTable ? "TABLE" : "VIEW",
    name,
    comment,
    columns: isTable ? columnsOf(lines.slice(1, -1)) : [],
    sql: lines.join("\n"),
  };
}

function columnsOf(lines: readonly string[]): { name: string; comment: string }[] {
  const columns: { name: string; comment: string }[] = [];
  for (const line of lines) {
    const [, definition, text] = /^(.*?)(?:--(.*))?$/.exec(line)!;
    const name = /^\s*(\w+)/.exec(definition!)?.[1];
    if (name !== undefined) columns.push({ name, comment: "" });
    const last = columns.at(-1);
    if (last !== undefined && text !== undefined) {
      last.comment = `${last.comment} ${text.trim()}`.trim();
    }
  }
  return columns;
}
