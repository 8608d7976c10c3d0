/** Evaluation at published size: 1,000 images x 5,000 captions, killed while it scores, and run to its end. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cleanEnvironment } from "../support/command.ts";
import { longTest } from "../support/long_test.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const experiment = `
name: large_evaluation
seed: 7
stages:
  scenes: { use: make_scenes, images: 24, test_images: 1000, captions: 5 }
  features: { use: extract_features, from: scenes, regions: objects }
  initial: { use: initialise_model, features: features, hidden: 16, layers: 1, heads: 2 }
  recall: { use: evaluate, model: initial, features: features, split: test }
`;
/** 8 tiles of images, each with 5,000 captions, 256 in a piece. */
const pieces = 8 * Math.ceil(5000 / 256);

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

longTest(
  "5 million pairs are scored with the same bits after two kills, and no piece twice",
  async () => {
    using folder = temporaryFolder();
    const file = `${folder.path}/large.yaml`;
    await Deno.writeTextFile(file, experiment);
    const results = (name: string) => `${folder.path}/${name}`;
    assert.equal((await start(file, results("killed"), ["--only", "initial"]).status).code, 0);
    await copyFolder(results("killed"), results("unbroken"));
    assert.equal((await start(file, results("unbroken")).status).code, 0);
    let kept = new Map<string, number>();
    for (const enough of [30, 90]) {
      const child = start(file, results("killed"));
      while (keptPieces(results("killed")).size < enough) {
        await new Promise((wake) => setTimeout(wake, 50));
      }
      Deno.kill(-child.pid, "SIGKILL");
      await child.status;
      const now = keptPieces(results("killed"));
      assert.ok(now.size < pieces, "it was killed while it scored");
      for (const [name, written] of kept) {
        assert.equal(
          now.get(name),
          written,
          `${name} is as it was`,
        );
      }
      kept = now;
    }
    assert.equal((await start(file, results("killed")).status).code, 0);
    const [unbroken, killed] = [results("unbroken"), results("killed")].map(scoresOf);
    assert.equal(unbroken!.length, killed!.length);
    assert.ok(unbroken!.length > 4 * 5_000_000);
    assert.ok(unbroken!.every((byte, at) => byte === killed![at]));
  },
);

function start(file: string, results: string, more: readonly string[] = []): Deno.ChildProcess {
  const main = ["run", "-A", "--quiet", "--config", path("deno.json"), path("pipeline/main.ts")];
  return new Deno.Command(Deno.execPath(), {
    args: [...main, "run", file, "--results", results, "--threads", "2", ...more],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
    clearEnv: true,
    env: cleanEnvironment(),
    detached: true,
  }).spawn();
}

/** The pieces that an unfinished evaluation has kept, and when each was written. */
function keptPieces(results: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const file of filesBelow(`${results}/pending`)) {
    const [name] = /scores-\d+\.safetensors$/.exec(file) ?? [];
    if (name !== undefined) found.set(name, Deno.statSync(file).mtime!.getTime());
  }
  return found;
}

function scoresOf(results: string): Uint8Array {
  const [file, ...others] = filesBelow(`${results}/artifacts/evaluate`)
    .filter((file) => file.endsWith("/scores.safetensors"));
  assert.equal(others.length, 0);
  return Deno.readFileSync(file!);
}

/** Files that are there, also while others come and go. */
function filesBelow(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
      isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
