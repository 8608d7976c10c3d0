import { Complaint } from "../../../pipeline/contract/complaint.ts";

/** Writes a page where the user wants it; folders above it are made. */
export function writePage(path: string, page: string): void {
  try {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")) || "/", { recursive: true });
    Deno.writeTextFileSync(path, page);
  } catch (cause) {
    throw new Complaint(
      `the page cannot be written: ${(cause as Error).message}`,
      "give another place with --page FILE",
      { place: { file: path }, cause },
    );
  }
}
