import type { Complaint, ExitCode } from "./complaint.ts";

/** More of them help nobody. */
const mostTold = 20;

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
    const told = this.complaints.slice(0, mostTold).map(String);
    if (this.complaints.length > mostTold) told.push("There is more of the kind.");
    return told.join("\n\n");
  }
}

/** Whether more complaints would not be told: a file may have a mistake in every line. */
export function enough({ length }: readonly Complaint[]): boolean {
  return length > mostTold;
}

/** Throws what was collected: nothing, the one complaint, or the list. Equal texts are said once. */
export function throwComplaints(collected: readonly Complaint[]): void {
  const different = [...new Map(collected.map((one) => [String(one), one])).values()];
  if (different.length === 1) throw different[0];
  if (different.length > 1) throw new ComplaintList(different);
}
