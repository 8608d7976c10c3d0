import type { Complaint, ExitCode } from "./complaint.ts";

/** Several complaints about one request, so that a file is mended in one go. */
export class ComplaintList extends Error {
  override readonly name = "ComplaintList";
  constructor(readonly complaints: readonly Complaint[]) {
    super(complaints.map((complaint) => complaint.what).join("; "));
  }

  get exitCode(): ExitCode {
    return this.complaints[0]?.exitCode ?? 2;
  }

  override toString(): string {
    return this.complaints.map(String).join("\n\n");
  }
}

/** Throws what was collected: nothing, the one complaint, or the list. Equal texts are said once. */
export function throwComplaints(collected: readonly Complaint[]): void {
  const different = [...new Map(collected.map((one) => [String(one), one])).values()];
  if (different.length === 1) throw different[0];
  if (different.length > 1) throw new ComplaintList(different);
}
