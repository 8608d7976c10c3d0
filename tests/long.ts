/** `deno task test:long`: the test files that have a long version, in that version. */
import { fileURLToPath } from "node:url";

const tests = fileURLToPath(new URL("./", import.meta.url));
const files = testFilesIn(tests).filter((path) =>
  /from "[./]+support\/long_test\.ts"/.test(Deno.readTextFileSync(path))
);
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--no-check", "--parallel", ...Deno.args, ...files],
  env: { IAIS_TESTS: "long", DENO_JOBS: "2" },
}).spawn().status;
Deno.exit(code);

function testFilesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)
    .flatMap(({ name, isDirectory }) => {
      if (isDirectory) return testFilesIn(`${folder}${name}/`);
      return name.endsWith("_test.ts") ? [`${folder}${name}`] : [];
    });
}
