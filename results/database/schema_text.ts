/** Parses schema.sql: its tables and views, and the comments that document them. */

/** A table or a view. */
export interface Relation {
  readonly kind: "TABLE" | "VIEW";
  readonly name: string;
  /** The lines above it; empty when there are none. */
  readonly comment: string;
  /** A table's columns in order; empty for a view. */
  readonly columns: readonly SchemaColumn[];
  /** The statement that creates it. */
  readonly sql: string;
}

export interface SchemaColumn {
  readonly name: string;
  readonly type: string;
  /** It may not be NULL. */
  readonly required: boolean;
  readonly comment: string;
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

function columnsOf(lines: readonly string[]): SchemaColumn[] {
  const columns: (SchemaColumn & { comment: string })[] = [];
  for (const line of lines) {
    const [, definition, text] = /^(.*?)(?:--(.*))?$/.exec(line)!;
    const [, name, type, required] = /^\s*(\w+)\s+(\w+)(\s+NOT NULL)?/.exec(definition!) ?? [];
    if (name !== undefined && type !== undefined) {
      columns.push({ name, type, required: required !== undefined, comment: "" });
    }
    const last = columns.at(-1);
    if (last !== undefined && text !== undefined) {
      last.comment = `${last.comment} ${text.trim()}`.trim();
    }
  }
  return columns;
}
