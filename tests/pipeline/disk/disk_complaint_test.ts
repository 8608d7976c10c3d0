import assert from "node:assert/strict";
import { diskComplaint } from "../../../pipeline/disk/disk_complaint.ts";

const failure = (code: string) => Object.assign(new Error("os error"), { code });

Deno.test("a full disk is one clear error with exit code 1", () => {
  const complaint = diskComplaint(failure("ENOSPC"), "/results")!;
  assert.equal(
    String(complaint),
    "error: the disk is full\n  --> /results\n" +
      "fix: free some space and run again; what is complete is kept and is not made again",
  );
  assert.equal(complaint.exitCode, 1);
});

Deno.test("a folder that cannot be written is a wrong request", () => {
  for (const code of ["EACCES", "EROFS", "EPERM"]) {
    assert.equal(
      String(diskComplaint(failure(code), "/results")),
      "error: the results folder cannot be written\n  --> /results\n" +
        "fix: give yourself the right to write there, or use another folder with --results",
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

Deno.test("any other error is left to be told as a bug", () => {
  assert.equal(diskComplaint(new TypeError("x"), "/results"), undefined);
  assert.equal(diskComplaint(failure("EBADF"), "/results"), undefined);
});
