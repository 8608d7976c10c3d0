import assert from "node:assert/strict";
import { shortNames } from "../../../results/text/variant_names.ts";

const variant = (images: number, alignment: string, contrast: string) =>
  `train_images=${images}, alignment=${alignment}, contrast=${contrast}`;

Deno.test("short names stay as they are; long ones lose the names of their axes", () => {
  assert.deepEqual([...shortNames(["none", "singular"], 30).values()], ["none", "singular"]);
  const names = [variant(200, "singular", "none"), variant(200, "singular", "0.5"), "none"];
  assert.deepEqual(
    [...shortNames(names, 30).values()],
    ["200, singular, none", "200, singular, 0.5", "none"],
  );
});

Deno.test("names that would be equal stay different, whatever their length", () => {
  const same = ["a.alignment=sparse, b.alignment=none", "b.alignment=sparse, a.alignment=none"];
  assert.equal(new Set(shortNames(same, 20).values()).size, 2);
  const long = Array.from({ length: 12 }, (_, place) => `${"long ".repeat(9)}${place}`);
  const short = shortNames(long, 20);
  assert.equal(new Set(short.values()).size, 12);
  for (const name of long) assert.ok(short.get(name)!.length <= 20);
});
