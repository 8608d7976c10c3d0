import assert from "node:assert/strict";
import { intoFile } from "../../../pipeline/disk/new_file.ts";
import { intoNewFolder } from "../../../pipeline/disk/new_folder.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const namesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
const disk = new URL("../../../pipeline/disk/", import.meta.url);

/** Starts a process that writes into the target until it is killed; resolves when it has begun. */
async function writing(module: string, call: string, target: string): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-check",
      `import { ${call} } from ${JSON.stringify(new URL(module, disk).href)};
       await ${call}(${JSON.stringify(target)}, async (part) => {
         if (${call === "intoNewFolder"}) Deno.mkdirSync(part);
         console.log("begun");
         setInterval(() => {}, 1000);
         await new Promise(() => {});
       });`,
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const { value } = await child.stdout.getReader().read();
  assert.equal(new TextDecoder().decode(value), "begun\n");
  return child;
}

Deno.test("what a killed process left of a target is removed by the next that writes it, and nothing else", async () => {
  using folder = temporaryFolder();
  const target = `${folder.path}/out`;
  const other = [".out.123.part", ".out.x.part.lock", ".outer.5.part.lock"];
  for (const name of other) Deno.writeTextFileSync(`${folder.path}/${name}`, "of somebody else");
  for (
    const { module, call, write } of [
      {
        module: "new_folder.ts",
        call: "intoNewFolder",
        write: () => intoNewFolder(target, (part) => Promise.resolve(Deno.mkdirSync(part))),
      },
      {
        module: "new_file.ts",
        call: "intoFile",
        write: () =>
          intoFile(target, (part) => Promise.resolve(Deno.writeTextFileSync(part, "whole"))),
      },
    ]
  ) {
    const child = await writing(module, call, target);
    const part = `.out.${child.pid}.part`;
    const left = [part, `${part}.lock`];
    try {
      await write();
      assert.deepEqual(
        namesIn(folder.path),
        [...other, ...left, "out"].sort(),
        "a process that is alive keeps its part",
      );
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
    Deno.removeSync(target, { recursive: true });
    await write();
    assert.deepEqual(namesIn(folder.path), [...other, "out"].sort());
    Deno.removeSync(target, { recursive: true });
  }
});

Deno.test("nothing of a part is left when writing fails", async () => {
  using folder = temporaryFolder();
  const fail = (part: string) => {
    Deno.mkdirSync(part, { recursive: true });
    return Promise.reject(new Error("in the middle"));
  };
  await assert.rejects(intoNewFolder(`${folder.path}/out`, fail), /in the middle/);
  await assert.rejects(
    intoFile(`${folder.path}/out`, () => Promise.reject(new Error("in the middle"))),
    /in the middle/,
  );
  assert.deepEqual(namesIn(folder.path), []);
});
