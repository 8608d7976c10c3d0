import assert from "node:assert/strict";
import { type CodeChange, codeChanges } from "../../../pipeline/explain/code_changes.ts";

const files: Record<string, string> = {
  "stages/make.ts": `import * as v from "valibot";
import { first } from "./parts/first.ts";
export const make = {
  schema: v.number(),
  run: async () => {
    const { later } = await import("./parts/later.ts");
    return first() + later("http://a", /["']/);
  },
};
`,
  "stages/parts/first.ts": `/** Says what it does. */
export function first(): number {
  const list = [1, 2, 3];
  return list.length;
}
export function unused(): number {
  return 1;
}
`,
  "stages/parts/later.ts": `export const later = (text: string, pattern: RegExp) =>
  text.replace(pattern, \`two
  lines\`).length;
`,
};
const first = "stages/parts/first.ts";
const later = "stages/parts/later.ts";

function changes(
  changed: Record<string, string | undefined>,
  versions: readonly string[] = ["valibot@1.5.0"],
): Promise<CodeChange[]> {
  const record = (files: Record<string, string | undefined>, versions: readonly string[]) => ({
    stage: "stages/make.ts",
    versions,
    sources: new Map(
      Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  });
  return codeChanges(
    record(files, ["valibot@1.5.0"]),
    record({ ...files, ...changed }, versions),
  );
}

const replaced = (file: string, from: string, to: string) => ({
  [file]: files[file]!.replace(from, to),
});

Deno.test("codeChanges() gives the file and the first line that differs, as it is now", async () => {
  const moved = files[first]!.replace("/** Says", "/**\n * Longer.\n *\n * Says")
    .replace("[1, 2, 3]", "[\n    1, // one\n    2,\n    4,\n  ]");
  assert.deepEqual(await changes({ [first]: moved }), [
    { kind: "file", file: first, line: 9, was: "const list = [1, 2, 3];", now: "4," },
  ]);
});

Deno.test("codeChanges() finds a change in a dynamically imported module", async () => {
  assert.deepEqual(await changes(replaced(later, "text.replace(", "text.replaceAll(")), [{
    kind: "file",
    file: later,
    line: 2,
    was: "text.replace(pattern, `two",
    now: "text.replaceAll(pattern, `two",
  }]);
});

Deno.test("codeChanges() finds a space in a string, but ignores changed formatting elsewhere", async () => {
  const file = "stages/make.ts";
  const formatted = replaced(first, "[1, 2, 3]", "[ 1,\n 2, 3 ]");
  assert.deepEqual(
    await changes({ ...replaced(file, "http://a", "http: //a"), ...formatted }),
    [{
      kind: "file",
      file,
      line: 7,
      was: `return first() + later("http://a", /["']/);`,
      now: `return first() + later("http: //a", /["']/);`,
    }],
  );
});

Deno.test("codeChanges() finds a change after what looks like a comment in a regular expression", async () => {
  const pattern = "/[\"']/";
  const slashes = replaced("stages/make.ts", pattern, "/[//]/");
  const [change] = await codeChanges(
    {
      stage: "stages/make.ts",
      versions: [],
      sources: new Map(Object.entries({ ...files, ...slashes })),
    },
    {
      stage: "stages/make.ts",
      versions: [],
      sources: new Map(Object.entries({
        ...files,
        ...replaced("stages/make.ts", pattern, "/[//x]/"),
      })),
    },
  );
  assert.deepEqual([change!.kind, (change as { line?: number }).line], ["file", 7]);
});

Deno.test("codeChanges() finds removed code at the line where it was", async () => {
  const change = replaced(first, "  const list = [1, 2, 3];\n  return list.length;", "  return 3;");
  assert.deepEqual(await changes(change), [
    { kind: "file", file: first, line: 3, was: "const list = [1, 2, 3];", now: "return 3;" },
  ]);
});

Deno.test("codeChanges() lists modules that were added and removed, and packages", async () => {
  const other = {
    ...replaced("stages/make.ts", "./parts/first.ts", "./parts/other.ts"),
    [first]: undefined,
    "stages/parts/other.ts": files[first]!.replace("[1, 2, 3]", "[1, 2]"),
  };
  assert.deepEqual(await changes(other, ["left@1.0.0", "valibot@2.0.0"]), [
    { kind: "new file", file: "stages/parts/other.ts" },
    { kind: "file gone", file: first },
    { kind: "package", name: "valibot", from: "1.5.0", to: "2.0.0" },
    { kind: "package", name: "left", from: null, to: "1.0.0" },
  ]);
});

Deno.test("codeChanges() ignores a module that was only moved", async () => {
  const moved = {
    ...replaced("stages/make.ts", "./parts/first.ts", "./parts/other.ts"),
    ...replaced(later, "text.replace(", "text.replaceAll("),
    [first]: undefined,
    "stages/parts/other.ts": files[first]!,
  };
  const [change, ...others] = await changes(moved);
  assert.deepEqual([change!.kind, (change as { file?: string }).file, others], ["file", later, []]);
});

Deno.test("codeChanges() needs no modules that only unused code imports", async () => {
  const importing = {
    [first]: `import { gone } from "./gone.ts";\n${
      files[first]!.replace("return 1;", "return gone;")
    }`,
  };
  const [change, ...others] = await changes({
    ...importing,
    ...replaced(later, "text.replace(", "text.replaceAll("),
  });
  assert.deepEqual([change!.kind, (change as { file?: string }).file, others], ["file", later, []]);
});

Deno.test("codeChanges() ignores unused code", async () => {
  const both = replaced(first, "return 1;", "return 2;");
  assert.deepEqual(await changes({ ...both, ...replaced(later, "two", "three") }), [
    // The first line of a string of two lines.
    {
      kind: "file",
      file: later,
      line: 2,
      was: "text.replace(pattern, `two",
      now: "text.replace(pattern, `three",
    },
  ]);
});
