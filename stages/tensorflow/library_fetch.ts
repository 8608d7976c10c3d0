/**
 * Fetches libtensorflow: the pinned wheel by pip or uv, which check its SHA-256, then its two shared
 * objects into the cache folder by one rename. No Python runs after that.
 */
import { Complaint } from "../../pipeline/complaint.ts";
import { fetchedFolder, pinnedVersion, type PinnedWheel, pinnedWheel } from "./library_release.ts";
import type { SearchedPlace } from "./library_search.ts";

export interface FetchProgress {
  report(done: number, total: number, unit: string, note?: string): void;
  say(line: string): void;
}

/** @param searched what was searched before, for the error when fetching is impossible too */
export async function fetchLibrary(
  progress: FetchProgress,
  searched: readonly SearchedPlace[],
): Promise<void> {
  const wheel = pinnedWheel();
  if (wheel === undefined) {
    throw unavailable(searched, `no wheel is published for ${Deno.build.os} on ${Deno.build.arch}`);
  }
  const target = fetchedFolder();
  const parent = target.slice(0, target.lastIndexOf("/"));
  await Deno.mkdir(parent, { recursive: true });
  using lock = await Deno.open(`${parent}/lock`, { create: true, write: true });
  await lock.lock(true); // a second run waits here and then finds the library in place
  if (await exists(target)) return;
  for await (const { name } of Deno.readDir(parent)) { // what a killed fetch left; the lock is ours
    if (name.startsWith("fetching-")) await Deno.remove(`${parent}/${name}`, { recursive: true });
  }
  const scratch = await Deno.makeTempDir({ dir: parent, prefix: "fetching-" });
  try {
    await download(wheel, scratch, progress, searched);
    await Deno.rename(`${scratch}/library`, target);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  const size = megabytes(wheel.bytes);
  progress.report(size, size, "MB");
  progress.say(`TensorFlow ${pinnedVersion} is in ${target}`);
}

async function download(
  wheel: PinnedWheel,
  scratch: string,
  progress: FetchProgress,
  searched: readonly SearchedPlace[],
): Promise<void> {
  const requirement = `${wheel.distribution}==${pinnedVersion}`;
  const requirements = `${scratch}/requirements.txt`;
  await Deno.writeTextFile(requirements, `${requirement} --hash=sha256:${wheel.sha256}\n`);
  progress.say(`fetching ${requirement} (${megabytes(wheel.bytes)} MB, once)`);
  const failures: string[] = [];
  for (const way of [...pipWays(wheel, scratch), uvWay(wheel, scratch)]) {
    const outcome = await runWatched(way.command, scratch, wheel, progress);
    if (outcome === undefined) continue; // no such program
    if (outcome !== "") {
      failures.push(`${way.name}: ${outcome}`);
      continue;
    }
    progress.report(megabytes(wheel.bytes) - 1, megabytes(wheel.bytes), "MB", "unpacking");
    await way.unpack();
    return;
  }
  const why = failures.length > 0
    ? failures.join("\n")
    : "neither python3 with pip nor uv is installed";
  throw unavailable(searched, why);
}

interface Way {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  unpack(): Promise<void>;
}

function pipWays(wheel: PinnedWheel, scratch: string): Way[] {
  // deno-fmt-ignore
  const download = [
    "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet",
    "--disable-pip-version-check", "--no-cache-dir", "--implementation", "cp", "--python-version", "3.11",
    "--platform", wheel.pipPlatform, "--dest", `${scratch}/wheel`, "--requirement", `${scratch}/requirements.txt`,
  ];
  const unzip = "import glob, shutil, sys, zipfile\n" +
    "wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0])\n" +
    "for name in sys.argv[3:]:\n" +
    "    with wheel.open('tensorflow/' + name) as a, open(sys.argv[2] + '/' + name, 'wb') as b:\n" +
    "        shutil.copyfileobj(a, b, 1 << 22)\n";
  return ["python3", "python"].map((python) => ({
    name: `${python} -m pip`,
    command: [python, "-m", "pip", ...download],
    async unpack() {
      await Deno.mkdir(`${scratch}/library`);
      const { success, stderr } = await new Deno.Command(python, {
        args: ["-c", unzip, `${scratch}/wheel`, `${scratch}/library`, ...wheel.files],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).output();
      if (!success) throw unpackFailed(new TextDecoder().decode(stderr));
    },
  }));
}

function uvWay(wheel: PinnedWheel, scratch: string): Way {
  // deno-fmt-ignore
  const command = [
    "uv", "pip", "install", "--no-deps", "--require-hashes", "--quiet", "--no-cache", "--python-version", "3.11",
    "--python-platform", wheel.uvPlatform, "--target", `${scratch}/wheel`, "--requirement", `${scratch}/requirements.txt`,
  ] as const;
  return {
    name: "uv",
    command,
    async unpack() {
      await Deno.mkdir(`${scratch}/library`);
      for (const file of wheel.files) {
        await Deno.rename(`${scratch}/wheel/tensorflow/${file}`, `${scratch}/library/${file}`);
      }
    },
  };
}

/** Runs a fetching program and reports how much has arrived. Empty: done. Undefined: not installed. */
async function runWatched(
  [program, ...args]: readonly [string, ...string[]],
  scratch: string,
  wheel: PinnedWheel,
  progress: FetchProgress,
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

/** No library and no way to one: every place that was searched, and the command that mends it. */
export function unavailable(searched: readonly SearchedPlace[], why: string): Complaint {
  const places = searched.map(({ place, verdict }) => `    ${place}: ${verdict}`);
  return new Complaint(
    [`libtensorflow ${pinnedVersion} was not found and could not be fetched`, ...places, why].join(
      "\n",
    ),
    `install Python 3 with pip (or uv) and run again, or fetch it yourself: ` +
      `pip download --no-deps ${pinnedWheel()?.distribution ?? "tensorflow"}==${pinnedVersion}, ` +
      `unzip the wheel, and set TENSORFLOW_LIBRARY to its folder tensorflow`,
    { exitCode: 1 },
  );
}

function unpackFailed(message: string): Complaint {
  return new Complaint(
    `the TensorFlow wheel could not be unpacked: ${message.trim().split("\n").at(-1)}`,
    "free about 1.2 GB of disk space below the cache folder and run again",
    { exitCode: 1 },
  );
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
