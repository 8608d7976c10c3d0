/** Files of one JSON object per line. */
import * as v from "valibot";
import { Complaint } from "../../../pipeline/contract/complaint.ts";

/**
 * Every line, checked. Keys that the schema does not name are dropped, unless it says otherwise.
 *
 * @throws {Complaint} with file and line when the file cannot be read or a line is not as it should be
 */
export async function readLines<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): Promise<v.InferOutput<Schema>[]> {
  const wrong = (what: string, line?: number, cause?: unknown) =>
    new Complaint(what, "make the artifact again: its files do not fit together", {
      place: { file: path, ...(line === undefined ? {} : { line }) },
      exitCode: 1,
      cause,
    });
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw wrong(`a list cannot be read: ${(error as Error).message}`, undefined, error);
  }
  return text.split("\n").flatMap((line, place) => {
    if (line.trim() === "") return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw wrong("a line is no JSON", place + 1, error);
    }
    const result = v.safeParse(schema, value);
    if (result.success) return [result.output];
    const issue = result.issues[0];
    const key = v.getDotPath(issue);
    throw wrong(
      `a line is not as it should be${key === null ? "" : ` at \`${key}\``}: ${issue.message}`,
      place + 1,
    );
  });
}

export async function writeLines(path: string, lines: readonly unknown[]): Promise<void> {
  await Deno.writeTextFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
