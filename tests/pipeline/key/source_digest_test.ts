import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { sourceDigest } from "../../../pipeline/key/source_digest.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

Deno.test("a source digest changes with every file that is named, however it is named, and no other", () => {
  using folder = temporaryFolder();
  const write = (name: string, text: string) =>
    Deno.writeTextFileSync(`${folder.path}/${name}`, text);
  Deno.mkdirSync(`${folder.path}/parts`);
  write("main.ts", 'import "./parts/a.ts";\nawait import("./parts/b.ts");\nnew URL("./no.ts");');
  write("parts/a.ts", 'export * from "../c.ts";');
  write("parts/b.ts", 'Deno.readTextFileSync(new URL("./d.sql", import.meta.url));');
  write("parts/d.sql", "SELECT 1");
  write("c.ts", "export { main } from './main.ts';");
  write("other.ts", "1");
  const digest = () => sourceDigest([pathToFileURL(`${folder.path}/main.ts`)]);
  let last = digest();
  write("other.ts", "2");
  assert.equal(digest(), last);
  for (const name of ["main.ts", "parts/a.ts", "parts/b.ts", "parts/d.sql", "c.ts"]) {
    write(name, `${Deno.readTextFileSync(`${folder.path}/${name}`)}\n-- more`);
    assert.notEqual(digest(), last, name);
    last = digest();
  }
});
