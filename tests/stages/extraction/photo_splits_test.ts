import assert from "node:assert/strict";
import fc from "fast-check";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { splitsOf } from "../../../stages/extraction/photo_splits.ts";

Deno.test("the last photos by name are test, those before them validation", () => {
  const splits = splitsOf(["d", "a", "c", "b", "e"], { test: 2, validation: 1 });
  assert.deepEqual(Object.fromEntries(splits), {
    e: "test",
    d: "test",
    c: "val",
    b: "train",
    a: "train",
  });
});

Deno.test("lists of names take precedence over counts", () => {
  const test = { file: "test.txt", text: "a.jpg\r\n\r\nc.jpg\n" };
  const splits = splitsOf(["a.jpg", "b.jpg", "c.jpg", "d.jpg"], { test, validation: 1 });
  assert.deepEqual([...splits].sort(), [
    ["a.jpg", "test"],
    ["b.jpg", "train"],
    ["c.jpg", "test"],
    ["d.jpg", "val"],
  ]);
});

Deno.test("a list that does not match the photos is refused", () => {
  const list = (text: string) => ({ file: "list.txt", text });
  const refuses = (what: RegExp, request: Parameters<typeof splitsOf>[1]) =>
    assert.throws(
      () => splitsOf(["a", "b"], request),
      (error) => error instanceof Complaint && what.test(error.what),
    );
  refuses(/`x` is listed, but is not a photo/, { test: list("a\nx"), validation: 0 });
  refuses(/`a` is listed for test and for val/, { test: list("a"), validation: list("a") });
  refuses(/none of the 2 photos with captions is left/, { test: 1, validation: 1 });
});

Deno.test("every photo is in one split, and the splits have the requested sizes", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 30 }),
      fc.nat(12),
      fc.nat(12),
      (names, test, validation) => {
        fc.pre(test + validation < names.length);
        const splits = [...splitsOf(names, { test, validation }).values()];
        const count = (split: string) => splits.filter((each) => each === split).length;
        assert.deepEqual(
          [count("test"), count("val"), count("train")],
          [test, validation, names.length - test - validation],
        );
      },
    ),
  );
});
