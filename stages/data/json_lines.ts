/** Files of one JSON object per line. */
import { Complaint } from "../../pipeline/complaint.ts";

/** @throws {Complaint} with file and line when a line is no JSON. */
export async function readLines<Line>(path: string): Promise<Line[]> {
  const lines = (await Deno.readTextFile(path)).split("\n");
  return lines.flatMap((line, place) => {
    if (line === "") return [];
    try {
      return [JSON.parse(line) as Line];
    } catch {
      throw new Complaint(`${path} has a line that is no JSON`, "make the file again", {
        place: { file: path, line: place + 1 },
        exitCode: 1,
      });
    }
  });
}

export async function writeLines(path: string, lines: readonly unknown[]): Promise<void> {
  await Deno.writeTextFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
