/**
 * Fetches a published Python package by name, version and digest with pip or uv, which check the
 * digest, and keeps only its pinned files (data and libraries). No code of the package is run. npm
 * modules are fetched in the same way with npm.
 */
import { Complaint } from "../contract/complaint.ts";
import {
  isModule,
  type PinnedModule,
  type PinnedPackage,
  type PinnedWheel,
} from "../contract/pinned_package.ts";
import { exists } from "../disk/read_if_there.ts";
import { npmPack, unpackModule } from "./npm_fetch.ts";
import { packageState } from "./package_content.ts";
import { type Ending, runProgram } from "./run_program.ts";
import { waitForTick } from "../disk/file_state.ts";
import type { Progress } from "../contract/progress.ts";

/**
 * Puts the files of a package into a folder by one rename, unless they are there with the content
 * that was published. Concurrent runs fetch it only once.
 *
 * @param target absolute path; its parent is created
 * @param unavailable creates the error when no program can fetch it; `why` lists the attempts
 */
export async function fetchPackage(
  pinned: PinnedPackage,
  target: string,
  { progress, unavailable }: { progress: Progress; unavailable(why: string): Complaint },
): Promise<void> {
  if ((await packageState(pinned, target)).type === "intact") return;
  const parent = target.slice(0, target.lastIndexOf("/"));
  const name = target.slice(target.lastIndexOf("/") + 1);
  using lock = await openLock(parent, name);
  await lock.lock(true); // a concurrent run waits here and then finds the files
  const found = await packageState(pinned, target);
  if (found.type === "intact") return;
  if (found.type === "damaged") {
    progress.say(`warning: ${target} is damaged (${found.reason}) and is fetched again`);
  }
  const prefix = `fetching-${name}-`;
  for await (const entry of Deno.readDir(parent)) { // left by a killed fetch, as we hold the lock
    if (entry.name.startsWith(prefix)) {
      await Deno.remove(`${parent}/${entry.name}`, { recursive: true });
    }
  }
  const scratch = await Deno.makeTempDir({ dir: parent, prefix });
  try {
    await download(pinned, scratch, { progress, unavailable });
    await waitForTick(); // then digests can be kept
    await requireContent(pinned, `${scratch}/files`);
    if (exists(target)) await Deno.rename(target, `${scratch}/replaced`);
    await Deno.rename(`${scratch}/files`, target);
    await packageState(pinned, target); // keeps the digests
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  const size = megabytes(pinned.bytes);
  progress.report(size, size, "MB");
  progress.say(`${pinned.distribution} ${pinned.version} is in ${target}`);
}

async function openLock(parent: string, name: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(parent, { recursive: true });
    return await Deno.open(`${parent}/${name}.lock`, { create: true, write: true });
  } catch (cause) {
    throw new Complaint(
      `the folder of fetched packages cannot be written: ${(cause as Error).message}`,
      "grant yourself write permission, or name another folder with XDG_CACHE_HOME",
      { place: { file: parent }, cause, exitCode: 1 },
    );
  }
}

/** @throws Complaint when a download, or unpacking it, left something out */
async function requireContent(pinned: PinnedPackage, folder: string): Promise<void> {
  if ((await packageState(pinned, folder)).type === "intact") return;
  const { distribution, version } = pinned;
  throw new Complaint(
    `what was unpacked from ${distribution} ${version} is not what was published`,
    "check the disk, and that no program changes the folder of fetched packages; then run again",
    { place: { file: folder }, exitCode: 1 },
  );
}

async function download(
  pinned: PinnedPackage,
  scratch: string,
  { progress, unavailable }: { progress: Progress; unavailable(why: string): Complaint },
): Promise<void> {
  const requirement = `${pinned.distribution}==${pinned.version}`;
  const requirements = `${scratch}/requirements.txt`;
  await Deno.writeTextFile(requirements, `${requirement} --hash=sha256:${pinned.sha256}\n`);
  await Deno.mkdir(`${scratch}/wheel`, { recursive: true });
  progress.say(`fetching ${requirement} (${megabytes(pinned.bytes)} MB, once)`);
  const failures: string[] = [];
  const fetchers = isModule(pinned)
    ? [npmFetcher(pinned, scratch)]
    : [...pipFetchers(pinned, scratch), uvFetcher(pinned, scratch)];
  for (const fetcher of fetchers) {
    const ending = await runWatched(fetcher.command, scratch, pinned, progress);
    if (ending.type === "not installed") continue;
    if (ending.type === "failed") {
      failures.push(`${fetcher.name}: ${ending.reason}`);
      continue;
    }
    progress.report(megabytes(pinned.bytes) - 1, megabytes(pinned.bytes), "MB", "unpacking");
    await Deno.mkdir(`${scratch}/files`);
    await fetcher.unpack();
    return;
  }
  throw unavailable(
    failures.length > 0
      ? failures.join("\n")
      : isModule(pinned)
      ? "npm is not installed"
      : "neither python3 with pip nor uv is installed",
  );
}

/** A program that can fetch a package. */
interface Fetcher {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Unpacks the files into the folder `files`. */
  unpack(): Promise<void>;
}

function pipFetchers(wheel: PinnedWheel, scratch: string): Fetcher[] {
  const platform = wheel.platform === undefined
    ? []
    : ["--implementation", "cp", "--python-version", "3.11", "--platform", wheel.platform.pip];
  // deno-fmt-ignore
  const download = [
    "download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--quiet",
    "--disable-pip-version-check", "--no-cache-dir", ...platform,
    "--dest", `${scratch}/wheel`, "--requirement", `${scratch}/requirements.txt`,
  ];
  // Pairs of a name in the wheel and the path to unpack it to. Programs stay programs.
  const unzip = "import glob, os, shutil, sys, zipfile\n" +
    "wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0])\n" +
    "for name, path in zip(sys.argv[2::2], sys.argv[3::2]):\n" +
    "    os.makedirs(os.path.dirname(path), exist_ok=True)\n" +
    "    with wheel.open(name) as a, open(path, 'wb') as b:\n" +
    "        shutil.copyfileobj(a, b, 1 << 22)\n" +
    "    if wheel.getinfo(name).external_attr >> 16 & 0o100:\n" +
    "        os.chmod(path, 0o755)\n";
  return ["python3", "python"].map((python) => ({
    name: `${python} -m pip`,
    // -I: no code from the working folder or from PYTHONPATH.
    command: [python, "-I", "-m", "pip", ...download],
    async unpack() {
      const { success, stderr } = await new Deno.Command(python, {
        args: ["-I", "-c", unzip, `${scratch}/wheel`, ...keptPaths(wheel, scratch).flat()],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).output();
      if (!success) throw unpackFailed(wheel, new TextDecoder().decode(stderr));
    },
  }));
}

function uvFetcher(wheel: PinnedWheel, scratch: string): Fetcher {
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
      for (const [name, path] of keptPaths(wheel, scratch)) {
        await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
        await Deno.rename(`${scratch}/wheel/${name}`, path);
      }
    },
  };
}

function npmFetcher(module: PinnedModule, scratch: string): Fetcher {
  const folder = `${scratch}/wheel`;
  return {
    name: "npm",
    command: npmPack(module, { folder, cache: `${scratch}/tmp/npm` }),
    unpack: () => unpackModule(module, { folder, target: `${scratch}/files` }),
  };
}

/** Runs a program that fetches and reports the amount of data that has arrived. */
async function runWatched(
  command: readonly [string, ...string[]],
  scratch: string,
  pinned: PinnedPackage,
  progress: Progress,
): Promise<Ending> {
  const temporary = `${scratch}/tmp`;
  await Deno.mkdir(temporary, { recursive: true });
  const watch = setInterval(() => {
    const all = megabytes(pinned.bytes);
    const arrived = megabytes(folderBytes(temporary) + folderBytes(`${scratch}/wheel`));
    progress.report(Math.min(all - 1, arrived), all, "MB"); // complete only after unpacking
  }, 500);
  const ending = await runProgram(command, {
    folder: temporary,
    environment: { TMPDIR: temporary },
  }).finally(() => clearInterval(watch));
  const noPip = ending.type === "failed" && ending.reason.includes("No module named pip");
  return noPip ? { type: "not installed" } : ending;
}

/** Name in the wheel, and the path to unpack it to. */
function keptPaths({ files, root }: PinnedWheel, scratch: string): [string, string][] {
  return files.map((file) =>
    root === undefined
      ? [file, `${scratch}/files/${file.slice(file.lastIndexOf("/") + 1)}`]
      : [`${root}${file}`, `${scratch}/files/${file}`]
  );
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
    // the program creates and deletes files meanwhile
  }
  return bytes;
}

function unpackFailed(
  { distribution, bytes, unpacked = 4 * bytes }: PinnedWheel,
  message: string,
): Complaint {
  return new Complaint(
    `the wheel of ${distribution} could not be unpacked: ${message.trim().split("\n").at(-1)}`,
    `free about ${
      megabytes(bytes + unpacked)
    } MB of disk space below the cache folder and run again`,
    { exitCode: 1 },
  );
}
