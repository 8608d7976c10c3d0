/** JSON Lines: files with one JSON object per line. */
import * as v from "valibot";
import { Complaint } from "../../../pipeline/contract/complaint.ts";

/** Schema of a whole number from 0. */
export const natural = v.pipe(v.number(), v.integer(), v.minValue(0));

/**
 * Reads a file and checks every line. Keys that the schema does not name are dropped unless it is loose.
 *
 * @throws {Complaint} with file and line when the file cannot be read or a line does not match the schema
 */
export async function readLines<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
): Promise<v.InferOutput<Schema>[]> {
  const wrong = (what: string, line?: number, cause?: unknown) =>
    new Complaint(what, "rebuild the artifact: its files are damaged or inconsistent", {
      place: { file: path, ...(line === undefined ? {} : { line }) },
      exitCode: 1,
      cause,
    });
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw wrong(`the file cannot be read: ${(error as Error).message}`, undefined, error);
  }
  return text.split("\n").flatMap((line, place) => {
    if (line.trim() === "") return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw wrong("the line is not valid JSON", place + 1, error);
    }
    const result = v.safeParse(schema, value);
    if (result.success) return [result.output];
    const issue = result.issues[0];
    const key = v.getDotPath(issue);
    throw wrong(
      `the line is invalid${key === null ? "" : ` at \`${key}\``}: ${issue.message}`,
      place + 1,
    );
  });
}

export async function writeLines(path: string, lines: readonly unknown[]): Promise<void> {
  await Deno.writeTextFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
