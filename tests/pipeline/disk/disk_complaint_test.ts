import assert from "node:assert/strict";
import { diskComplaint } from "../../../pipeline/disk/disk_complaint.ts";

const failure = (code: string) => Object.assign(new Error("os error"), { code });

Deno.test("a full disk is one clear error with exit code 1", () => {
  const complaint = diskComplaint(failure("ENOSPC"), "/results")!;
  assert.equal(
    String(complaint),
    "error: the disk is full\n  --> /results\n" +
      "fix: free some space and run again; complete results are kept",
  );
  assert.equal(complaint.exitCode, 1);
});

Deno.test("a folder that is not writable is an invalid request", () => {
  for (const code of ["EACCES", "EROFS", "EPERM"]) {
    assert.equal(
      String(diskComplaint(failure(code), "/results")),
      "error: the results folder is not writable\n  --> /results\n" +
        "fix: grant yourself write permission, or use another folder with --results",
    );
  }
  assert.equal(diskComplaint(failure("EACCES"), "/results")?.exitCode, 2);
});

Deno.test("a failing disk is one clear error with exit code 1", () => {
  const error = Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
  const complaint = diskComplaint(error, "/results")!;
  assert.equal(complaint.exitCode, 1);
  assert.match(
    String(complaint),
    /^error: the disk failed to read or write .*\n {2}--> \/results\nfix: /,
  );
});

Deno.test("any other error is left to be reported as a bug", () => {
  assert.equal(diskComplaint(new TypeError("x"), "/results"), undefined);
  assert.equal(diskComplaint(failure("EBADF"), "/results"), undefined);
});
