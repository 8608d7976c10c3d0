import assert from "node:assert/strict";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { requireConfinable, requireReadable, requireUsable } from "../../../pipeline/run/places.ts";
import { errorText, toyGraph } from "../../support/toy_graph.ts";
import { keyNodes } from "../../../pipeline/key/key.ts";
import { runToy } from "../../support/toy_command.ts";
import { toyNodes } from "../../support/toy_plan.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

function preparedStore(root: string) {
  const store = openStore(root);
  store.prepare();
  return store;
}

Deno.test("a usable folder passes, and nothing of the check is left", () => {
  using folder = temporaryFolder();
  const store = preparedStore(`${folder.path}/results`);
  requireUsable(store, []);
  assert.deepEqual([...Deno.readDirSync(store.stateFile("verify"))], []);
});

Deno.test("a results folder where Deno lets no stage write is refused", () => {
  assert.equal(
    errorText(() => requireConfinable("/dev/shm/results")),
    "error: stages cannot write to this results folder: Deno protects /dev, /proc and /sys\n" +
      "  --> /dev/shm/results\n" +
      "fix: use another folder with --results; for one in memory, use a tmpfs that is mounted elsewhere",
  );
});

Deno.test("a comma in its path would widen what stages may write, and is refused", () => {
  assert.equal(
    errorText(() => requireConfinable("/data/a,b/results")),
    "error: the path of the results folder has a comma, so the permissions of stages cannot be " +
      "limited to it\n  --> /data/a,b/results\n" +
      "fix: use another folder with --results, or rename this one",
  );
});

Deno.test("a results folder below a link to nowhere is refused", () => {
  using folder = temporaryFolder();
  const link = `${Deno.realPathSync(folder.path)}/link`;
  Deno.symlinkSync("/nowhere", link);
  assert.equal(
    errorText(() => requireConfinable(`${link}/results`)),
    "error: the results folder is a symbolic link to /nowhere, which does not exist\n" +
      `  --> ${link}\n` +
      "fix: create that folder, correct the link, or use another folder with --results",
  );
});

Deno.test("a folder that cannot rename is refused, with the system's message", () => {
  using folder = temporaryFolder();
  const store = preparedStore(folder.path);
  const { renameSync } = Deno;
  try {
    Deno.renameSync = () => {
      throw Object.assign(new Error("Function not implemented (os error 38)"), { code: "ENOSYS" });
    };
    assert.equal(
      errorText(() => requireUsable(store, [])),
      "error: the results folder cannot be used: Function not implemented (os error 38)\n" +
        `  --> ${folder.path}\nfix: stages need a file system that can lock files and rename ` +
        "folders; use another folder with --results",
    );
  } finally {
    Deno.renameSync = renameSync;
  }
});

Deno.test({
  name: "results that would be moved between two file systems are refused",
  ignore: Deno.build.os !== "linux",
  fn() {
    using folder = temporaryFolder();
    const elsewhere = Deno.makeTempDirSync({ dir: "/dev/shm" });
    try {
      Deno.symlinkSync(elsewhere, `${folder.path}/artifacts`);
      const store = preparedStore(folder.path);
      assert.equal(
        errorText(() => requireUsable(store, [])),
        `error: \`${folder.path}/artifacts\` and \`${folder.path}/pending\` are on different file ` +
          "systems, so results cannot be moved between them\n" +
          `  --> ${folder.path}\n` +
          "fix: put the whole results folder on one file system; it may itself be a symbolic link",
      );
    } finally {
      Deno.removeSync(elsewhere, { recursive: true });
    }
  },
});

Deno.test({
  name: "so are results of a kind whose folder is a link to another file system",
  ignore: Deno.build.os !== "linux",
  fn() {
    using folder = temporaryFolder();
    const elsewhere = Deno.makeTempDirSync({ dir: "/dev/shm" });
    try {
      const store = preparedStore(folder.path);
      Deno.symlinkSync(elsewhere, `${folder.path}/artifacts/toy_numbers`);
      const nodes = toyNodes(
        "name: e\nseed: 1\nstages:\n  numbers: { use: toy_numbers }\n" +
          "  tuned: { use: toy_train, numbers: numbers }\n",
      );
      const numbers = nodes.filter(({ stage }) => stage === "numbers");
      const others = nodes.filter(({ stage }) => stage !== "numbers");
      requireUsable(store, others);
      assert.match(
        errorText(() => requireUsable(store, numbers)),
        /artifacts`? and .*artifacts\/toy_numbers` are on different file systems/,
      );
    } finally {
      Deno.removeSync(elsewhere, { recursive: true });
    }
  },
});

Deno.test("a file that Deno lets no stage read is refused", () => {
  const graph = toyGraph(
    "name: e\nseed: 1\nstages: { a: { use: toy_read, file: /dev/shm/n.txt } }",
  );
  const nodes = keyNodes(graph, { code: new Map([["toy_read", "r"]]), compute: {} });
  assert.equal(
    errorText(() => requireReadable(nodes, "/cache")),
    "error: stages cannot read this file: Deno protects /dev, /proc and /sys\n" +
      "  --> /dev/shm/n.txt\n" +
      "fix: copy it to another place; for one in memory, use a tmpfs that is mounted elsewhere",
  );
});

Deno.test("a results folder below a symbolic link works, and so do links in it", async () => {
  using folder = temporaryFolder();
  Deno.mkdirSync(`${folder.path}/real/elsewhere`, { recursive: true });
  Deno.symlinkSync("real", `${folder.path}/link`);
  Deno.mkdirSync(`${folder.path}/real/results`);
  Deno.symlinkSync("../elsewhere", `${folder.path}/real/results/pending`);
  const file = `${folder.path}/e.yaml`;
  Deno.writeTextFileSync(file, "name: e\nseed: 1\nstages: { numbers: { use: toy_numbers } }\n");
  const { code, out, err } = await runToy([
    ...["run", file, "--results", `${folder.path}/link/results`],
  ]);
  assert.equal(code, 0, out + err);
  assert.match(out, /ran 1 of 1 stages/);
});

Deno.test("a place is refused before work begins, and nothing is written there", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  Deno.writeTextFileSync(file, "name: e\nseed: 1\nstages: { numbers: { use: toy_numbers } }\n");
  const results = `${folder.path}/a, b`;
  const { code, out, err } = await runToy(["run", file, "--results", results]);
  assert.equal(code, 2, err);
  assert.equal(out, "");
  assert.match(err, /^error: the path of the results folder has a comma/);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["e.yaml"]);
});
