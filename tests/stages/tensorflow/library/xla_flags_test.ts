import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import {
  decisiveFlags,
  quotedFlag,
  readFlags,
  withFlags,
} from "../../../../stages/tensorflow/library/xla_flags.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

Deno.test("flags are separated by white space, which values within quotes may contain", () => {
  assert.deepEqual(readFlags(undefined), []);
  assert.deepEqual(readFlags(" \n"), []);
  assert.deepEqual(readFlags(` --a=1\n--b="x y"  --c='z "w' --d="\\" e"`), [
    "--a=1",
    `--b="x y"`,
    `--c='z "w'`,
    `--d="\\" e"`,
  ]);
  assert.deepEqual(readFlags(quotedFlag("dir", `/a b/"c"`)), [`--dir="/a b/\\"c\\""`]);
  assert.equal(quotedFlag("dir", "/a"), "--dir=/a");
});

Deno.test("our flags follow the user's, unless the user has set them", () => {
  assert.equal(withFlags(undefined, ["--a=1", "--b=2"]), "--a=1 --b=2");
  assert.equal(withFlags("--c=3", ["--a=1"]), "--c=3 --a=1");
  assert.equal(withFlags("--a=false --c", ["--a=1", "--b=2"]), "--a=false --c --b=2");
});

Deno.test("flags may be in a file that the variable names", () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/flags`;
  Deno.writeTextFileSync(file, "--a=1\n--b=2\n");
  assert.deepEqual(readFlags(file), ["--a=1", "--b=2"]);
  assert.throws(() => readFlags(`${file}s`), (error) => {
    assert.ok(error instanceof Complaint);
    assert.match(String(error), /XLA_FLAGS names a file that cannot be read.*\n +--> .*flagss\n/);
    return true;
  });
});

Deno.test("only flags that change results decide", () => {
  const flags = `--xla_dump_to=/d --xla_dump_hlo_as_text --xla_gpu_cuda_data_dir="/a b" --ours=1`;
  assert.equal(decisiveFlags(flags, ["--ours=1"]), "");
  assert.equal(decisiveFlags(`${flags} --fast=1`, ["--ours=2"]), "--ours=1 --fast=1");
});
