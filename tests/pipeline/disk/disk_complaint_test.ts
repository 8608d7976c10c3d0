import assert from "node:assert/strict";
import { diskComplaint } from "../../../pipeline/disk/disk_complaint.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

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

const access = (code: string, message: string) => Object.assign(new Error(message), { code });

Deno.test("an error of another place names that place, not the results folder", () => {
  const denied = access("EACCES", "Permission denied (os error 13): readfile '/data/captions.txt'");
  assert.equal(
    String(diskComplaint(denied, "/results")),
    "error: permission to read this path is denied\n  --> /data/captions.txt\n" +
      "fix: grant yourself permission to read it, or use another path",
  );
  const opened = access("EROFS", "Read-only file system (os error 30): open '/results2/x'");
  assert.equal(
    String(diskComplaint(opened, "/results")),
    "error: permission to use this path is denied\n  --> /results2/x\n" +
      "fix: grant yourself permission, or use another path",
  );
  const full = access("ENOSPC", "No space left on device (os error 28): mkdir '/export/x'");
  assert.equal(
    String(diskComplaint(full, "/results")),
    "error: the disk is full\n  --> /export/x\nfix: free some space and run again",
  );
});

Deno.test("a file of the results folder that cannot be read is named", () => {
  const message = "Permission denied (os error 13): readfile '/results/state/format.json'";
  assert.equal(
    String(diskComplaint(access("EACCES", message), "/results")),
    "error: permission to read a file of the results folder is denied\n" +
      "  --> /results/state/format.json\n" +
      "fix: grant yourself permission to read it, or use another folder with --results",
  );
});

Deno.test("a results folder that is deleted during a run is reported, a missing file in it is a bug", () => {
  using folder = temporaryFolder();
  const root = `${folder.path}/results`;
  const missing = () => {
    try {
      Deno.openSync(`${root}/pending/x.lock`, { read: true });
    } catch (error) {
      return error;
    }
    throw new assert.AssertionError({ message: "it exists" });
  };
  const gone = "error: the results folder was deleted, or a part of it, while it was in use\n" +
    `  --> ${root}\n` +
    "fix: leave it alone while a run goes on, and run again: what is gone is computed again";
  assert.equal(String(diskComplaint(missing(), root)), gone);
  Deno.mkdirSync(root);
  assert.equal(String(diskComplaint(missing(), root)), gone);
  Deno.mkdirSync(`${root}/pending`);
  assert.equal(diskComplaint(missing(), root), undefined);
});

Deno.test("any other error is left to be reported as a bug", () => {
  assert.equal(diskComplaint(new TypeError("x"), "/results"), undefined);
  assert.equal(diskComplaint(failure("EBADF"), "/results"), undefined);
});
