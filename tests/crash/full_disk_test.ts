import assert from "node:assert/strict";
import { isLong } from "../support/long_test.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { assertReportedClearly, faultHarness, faultSweep } from "./fault_harness.ts";

/** A small disk in memory. */
interface Disk extends Disposable {
  readonly path: string;
  /** Makes it larger. */
  grow(kilobytes: number): void;
}

/** Undefined without the permission to mount one. */
function smallDisk(path: string, kilobytes: number): Disk | undefined {
  const speak = (program: string, ...args: string[]) =>
    new Deno.Command(program, { args, stderr: "null" }).outputSync().success;
  try {
    Deno.mkdirSync(path, { recursive: true });
    if (!speak("mount", "-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", path)) return undefined;
  } catch {
    return undefined; // mount is not installed
  }
  return {
    path,
    grow: (size) => assert.ok(speak("mount", "-o", `remount,size=${size}k`, path)),
    // Detached at once: a process that another test file started meanwhile may hold an inherited handle.
    [Symbol.dispose]: () => assert.ok(speak("umount", "--lazy", path)),
  };
}

function mayMount(): boolean {
  using folder = temporaryFolder();
  using disk = smallDisk(`${folder.path}/disk`, 64);
  return disk !== undefined;
}

const works = mayMount();
if (!works) console.log("runs on a full disk: skipped, no small disk can be mounted here");

const sizes = isLong ? [4, 60, 200, 320, 400, 1000, 3000, 5200, 8000] : [200, 3000];

Deno.test({
  name: "a run on a disk that becomes full reports it, and continues when there is space",
  ignore: !works,
  async fn() {
    using folder = temporaryFolder();
    const experiment = `${folder.path}/e.yaml`;
    Deno.writeTextFileSync(experiment, faultSweep);
    const harness = faultHarness(folder.path, experiment, ["--jobs", "2", "--threads", "1"]);
    const unbroken = await harness.runAgain(`${folder.path}/unbroken`);
    let full = 0;
    for (const kilobytes of sizes) {
      using disk = smallDisk(`${folder.path}/disk`, kilobytes)!;
      const where = `with ${kilobytes} kB`;
      // The second run starts from what the first left on the same full disk.
      for (
        const end of [await harness.runUnder(disk.path, []), await harness.runUnder(disk.path, [])]
      ) {
        assertReportedClearly(end, where);
        if (end.code === 0) continue;
        full++;
        assert.match(`${end.out}${end.err}`, /the disk is full/, where);
      }
      disk.grow(100_000);
      const { litter, ...left } = await harness.runAgain(disk.path);
      assert.deepEqual({ ...left, litter: [] }, unbroken, where);
      // A database that was cut off while it was created could not be read, and was rebuilt.
      assert.deepEqual(litter.filter((path) => !path.includes("set_aside/database-")), [], where);
    }
    assert.ok(full >= sizes.length - 1, `${full} runs met a full disk`);
  },
});
