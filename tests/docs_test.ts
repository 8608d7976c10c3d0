/** Every command of the README and of the general pages in docs/, run; and the README's own stage. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { cleanEnvironment, denoTask, projectFolder } from "./support/command.ts";
import { madePhotos } from "./support/made_photos.ts";
import { temporaryFolder } from "./support/temporary_folder.ts";

const pages = [
  "README.md",
  "docs/commands.md",
  "docs/experiments.md",
  "docs/scenes.md",
  "docs/relations.md",
  "docs/exactness.md",
  "docs/speed.md",
  "docs/gpu.md",
];

/** The commands of a page's shell blocks, each as its words after `npx -y deno task`. */
function commandsOf(page: string): string[][] {
  const text = Deno.readTextFileSync(`${projectFolder}/${page}`);
  const blocks = [...text.matchAll(/^ *```sh\n([^]*?)^ *```/gm)].map((match) => match[1]!);
  return blocks.join("").split("\n").map((line) => line.replace(/ #.*$/, "").trim())
    .filter((line) => line !== "")
    .map((line) => {
      const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)]
        .map(([, single, double, plain]) => single ?? double ?? plain!);
      assert.deepEqual(words.slice(0, 4), ["npx", "-y", "deno", "task"], `${page}: ${line}`);
      return words.slice(4);
    });
}

/** Tasks that run something else than one command on results; tests and benchmarks run them. */
const elsewhere = ["test", "test:golden", "test:long", "bench", "ok", "watch", "setup"];

/** The smoke experiment without XLA, which would take most of the time; the commands are the same. */
function quickSmoke(folder: string): string {
  const path = `${folder}/smoke.yaml`;
  const text = Deno.readTextFileSync(`${projectFolder}/experiments/smoke.yaml`)
    .replace(/use: (pretrain|evaluate|analyse_attention),/g, "use: $1, xla: false,")
    .replace("use: fine_tune\n", "use: fine_tune\n    xla: false\n");
  assert.equal(text.match(/xla: false/g)?.length, 4);
  Deno.writeTextFileSync(path, text);
  return path;
}

Deno.test("every command of the pages runs", async () => {
  using folder = temporaryFolder();
  using photos = temporaryFolder();
  await madePhotos(photos.path, 4);
  const results = `${folder.path}/results`;
  const run = async (...args: string[]) => {
    const { code, out, err } = await denoTask([...args, "--results", results], {
      FLICKR8K: photos.path,
    });
    assert.equal(code, 0, `${args.join(" ")}\n${out}${err}`);
    return out;
  };
  const smoke = quickSmoke(folder.path);
  // Two requests, so that there is something to compare.
  for (const alignments of ["[none]", "[none, sparse]"]) {
    await run("run", smoke, "--set", `tuned.alignment=${alignments}`);
  }
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${projectFolder}/deno.json`));
  const commands = pages.flatMap((page) => commandsOf(page).map((words) => ({ page, words })));
  assert.ok(commands.length > 30);
  for (const { page, words: [task, ...args] } of commands) {
    assert.ok(Object.hasOwn(tasks, task!), `${page}: ${task} is not a task`);
    if (elsewhere.includes(task!)) continue;
    const here = args.map((arg) =>
      task === "run" ? arg : arg.replaceAll("scenes_iais", "smoke")
        .replace(/^\/tmp\//, `${folder.path}/`)
        .replace("experiments/smoke.yaml", smoke)
    ).filter((arg, i, all) => arg !== "--results" && all[i - 1] !== "--results");
    if (task !== "run") {
      const out = await run(task!, ...here);
      assert.notEqual(out, "", `${page}: ${task} ${args.join(" ")} prints something`);
      continue;
    }
    const plan = await run("run", ...here.filter((arg) => arg !== "--plan"), "--plan");
    assert.match(plan, /stages? would run|nothing to run/, `${page}: run ${args.join(" ")}`);
  }
});

Deno.test("the README's own stage runs, and its metric can be queried", async () => {
  using folder = temporaryFolder();
  const [, file, code] = /^```ts\n\/\/ (\S+)\n([^]*?)^```/m.exec(
    Deno.readTextFileSync(`${projectFolder}/README.md`),
  )!;
  for (const part of ["pipeline", "stages", "results", "deno.json", "deno.lock", "package.json"]) {
    cpSync(`${projectFolder}/${part}`, `${folder.path}/${part}`, {
      recursive: true,
      filter: (path) => !path.endsWith("results/store"),
    });
  }
  Deno.writeTextFileSync(`${folder.path}/${file}`, code!);
  const catalogue = `${folder.path}/stages/catalogue.ts`;
  const name = /export const (\w+)/.exec(code!)![1]!;
  Deno.writeTextFileSync(
    catalogue,
    `import { ${name} } from "./${file!.slice("stages/".length)}";\n` +
      Deno.readTextFileSync(catalogue).replace("= [\n", `= [\n  ${name},\n`),
  );
  const experiment = `${folder.path}/own.yaml`;
  Deno.writeTextFileSync(
    experiment,
    `name: own
seed: 1
stages:
  scenes: { use: make_scenes, images: 4, val_images: 0, test_images: 3, swap_pairs: 0, captions: 2 }
  features: { use: extract_features, from: scenes }
  lengths: { use: caption_lengths, features: features }
`,
  );
  const deno = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: folder.path,
      clearEnv: true,
      env: cleanEnvironment(),
      stdin: "null",
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.equal(code, 0, decode(stdout) + decode(stderr));
    return decode(stdout);
  };
  const main = (...args: string[]) => deno("run", "-A", `${folder.path}/pipeline/main.ts`, ...args);
  await deno("check", "--quiet", `${folder.path}/${file}`);
  await main("run", experiment);
  const query =
    "SELECT name, split, value > 3 AS plausible FROM metric WHERE name = 'mean_word_pieces'";
  assert.deepEqual(JSON.parse(await main("sql", query, "--format", "json")), [
    { name: "mean_word_pieces", split: "test", plausible: true },
  ]);
});
