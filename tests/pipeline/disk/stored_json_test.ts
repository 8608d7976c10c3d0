import assert from "node:assert/strict";
import * as v from "valibot";
import { readStoredJson } from "../../../pipeline/disk/stored_json.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const schema = v.looseObject({
  id: v.string(),
  nodes: v.array(v.looseObject({ key: v.string() })),
});

Deno.test("readStoredJson() says in words why a file cannot be used, whatever is at the path", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/x.json`;
  const reason = (content?: string) => {
    if (content !== undefined) Deno.writeTextFileSync(path, content);
    const stored = readStoredJson(path, schema);
    return stored.state === "unusable" ? stored.reason : stored.state;
  };
  assert.equal(reason(), "absent");
  assert.equal(reason("{}"), "lacks `id`");
  assert.equal(reason("null"), "holds something else");
  assert.equal(reason("[]"), "lacks `id`");
  assert.equal(reason(""), "is truncated or damaged");
  assert.equal(reason('{"id":"a","nodes":[{"key":"b"}'), "is truncated or damaged");
  assert.equal(reason('{"id":"a","nodes":[{"key":1}]}'), "has something else in `nodes.0.key`");
  assert.equal(reason('{"id":"a","nodes":[{"key":"b"}]}'), "read");
  Deno.removeSync(path);
  Deno.mkdirSync(path);
  assert.equal(reason(), "is a folder");
  assert.deepEqual(readStoredJson(`${path}/none/x.json`, schema), { state: "absent" });
});

Deno.test("readStoredJson() keeps what a later version has added", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/x.json`;
  const content = { id: "a", nodes: [{ key: "b", constructor: 1 }], more: { constructor: "c" } };
  Deno.writeTextFileSync(path, JSON.stringify(content));
  assert.deepEqual(readStoredJson(path, schema), { state: "read", content });
});
