import fc from "fast-check";
import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { matchImages } from "../../../../stages/data/databases/image_names.ts";
import { resultOrComplaint } from "../../../support/damage.ts";

const match = (asked: readonly string[], known: readonly string[]) =>
  Object.fromEntries(found(asked, known));
const found = (asked: readonly string[], known: readonly string[]) =>
  matchImages(asked, known, (what) => new Complaint(what, "fix"));

const refused = (asked: readonly string[], known: readonly string[], what: string) =>
  assert.throws(
    () => match(asked, known),
    (error) => error instanceof Complaint && error.what === what,
  );

Deno.test("a picture has the features of the same name, as it is or without extensions", () => {
  const own = { "a.jpg": "a.npz", "b.c.JPG": "b.c.npz", "d": "d.png.npz", "e.npz": "e.npz" };
  assert.deepEqual(match(Object.keys(own), [...Object.values(own), "f.npz"]), own);
  // Two pictures that differ in their extension alone.
  const both = { "a.jpg": "a.jpg.npz", "a.png": "a.png.npz" };
  assert.deepEqual(match(Object.keys(both), Object.values(both)), both);
  assert.deepEqual(match(["a.v2.jpg"], ["a.npz"]), {}, "what is no extension belongs to the name");
});

Deno.test("a picture never has the features of another with the same number", () => {
  assert.deepEqual(match(["bird_3.jpg", "bird_4.jpg"], ["bird_3.npz", "cat_4.npz"]), {
    "bird_3.jpg": "bird_3.npz",
  });
  assert.deepEqual(match(["bird_4.jpg"], ["cat_4.npz"]), {});
  assert.deepEqual(match(["bird_4.jpg"], ["4.npz", "5.npz"]), {}, "one name shares no prefix");
  assert.deepEqual(match(["bird_4.jpg", "cat_4.jpg"], ["4.npz", "5.npz"]), {});
  assert.deepEqual(match(["4.jpg"], ["bird_4.npz", "cat_5.npz"]), {});
  const flickr = ["1000268201_693b08cb05.jpg", "1001773457_577c3a7d5.jpg"];
  assert.deepEqual(match(flickr.slice(0, 1), flickr.slice(1)), {});
});

Deno.test("one prefix of all names, case and zeros before numbers do not matter", () => {
  const flickr = ["flickr30k_000000000012.npz", "flickr30k_000001000092795.npz"];
  const numbers = ["12.jpg", "1000092795.jpg"];
  assert.deepEqual([...found(numbers, flickr).values()], flickr);
  assert.deepEqual([...found(flickr, numbers).values()], numbers);
  const features = ["coco_val2014_000000391895.npz", "coco_val2014_000000000042.npz"];
  const pictures = ["COCO_val2014_000000391895.jpg", "COCO_val2014_000000000042.jpg"];
  assert.deepEqual([...found(pictures, features).values()], features);
  assert.deepEqual([...found(["391895", "42", "7"], features).values()], features);
  // Of another part of the data set, whose pictures are in another database.
  assert.deepEqual(match(["COCO_train2014_000000000042.jpg"], features), {});
  assert.deepEqual(match(["a b.jpg", "c.jpg"], ["x-c.npz", "x-a b.npz"]), {
    "a b.jpg": "x-a b.npz",
    "c.jpg": "x-c.npz",
  });
});

Deno.test("two pictures that reach one entry, and two entries for one picture, are refused", () => {
  refused(["a.jpg", "a.png"], ["a.npz"], "`a.jpg` and `a.png` are both `a.npz`");
  refused(["4.jpg", "04.jpg"], ["x_4.npz", "x_5.npz"], "`4.jpg` and `04.jpg` are both `x_4.npz`");
  refused(["a"], ["a.jpg.npz", "a.png.npz"], "`a` may be `a.jpg.npz` or `a.png.npz`");
  refused(["4.jpg"], ["x_4.npz", "x_04.npz"], "`4.jpg` may be `x_4.npz` or `x_04.npz`");
  refused(
    ["b_1", "1"],
    ["a_b_1", "a_b_2"],
    "names match in two ways: `b_1` is `a_b_1` with prefix `a_`, but `1` is `a_b_1` with prefix `a_b_`",
  );
});

Deno.test("whatever the names, each entry belongs to one picture, and by one rule", () => {
  const part = fc.constantFrom("a", "b", "_", "0", "4", "14");
  const name = fc.tuple(
    fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("")),
    fc.constantFrom("", ".jpg", ".png", ".npz"),
  ).map((parts) => parts.join(""));
  const names = fc.array(name, { maxLength: 5 });
  fc.assert(fc.property(names, names, (asked, known) => {
    const found = resultOrComplaint(() => match(asked, known));
    if (found instanceof Complaint) return;
    assert.equal(new Set(Object.values(found)).size, Object.keys(found).length);
    const bare = (name: string) => name.replace(/\.\w+$/, "");
    const prefixes = Object.entries(found).map(([picture, entry]) => {
      const [short, long] = [bare(picture), bare(entry)].sort((a, b) => a.length - b.length);
      const digits = /^\d+$/.test(short!) ? /\d+$/.exec(long!)![0] : short!;
      assert.equal(digits.replace(/^0+(?=\d)/, ""), short!.replace(/^0+(?=\d+$)/, ""));
      return long!.slice(0, long!.length - digits.length);
    });
    assert.ok(new Set(prefixes).size <= 1, JSON.stringify(found));
  }));
});
