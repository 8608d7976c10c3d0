/**
 * `deno doc --lint` of the files that are named: everything exported has a doc comment, an explicit
 * type, and refers to exported types. Types of packages count as exported: deno doc does not follow
 * `npm:` imports and calls them private.
 */
const { code, stderr } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--lint", ...Deno.args],
  env: { NO_COLOR: "1" },
  stdout: "null",
}).output();
const text = new TextDecoder().decode(stderr);
const findings = text.split(/^(?=error\[)/m).filter((finding) => finding.startsWith("error["));
const own = findings.filter((finding) => !isOfPackage(finding));
for (const finding of own) console.error(finding.trimEnd() + "\n");
// Anything but findings, such as a file that is missing, is passed on.
if (code !== 0 && findings.length === 0) console.error(text);
if (own.length > 0) console.error(`error: ${own.length} findings in the documentation`);
Deno.exit(own.length > 0 || (code !== 0 && findings.length === 0) ? 1 : 0);

function isOfPackage(finding: string): boolean {
  const referenced = /^error\[private-type-ref\].* references private type '(\w+)'/.exec(finding)
    ?.[1];
  const file = /--> (.*?):\d+:\d+/.exec(finding)?.[1];
  if (referenced === undefined || file === undefined) return false;
  const imports = Deno.readTextFileSync(file).matchAll(/^import type .*? from "([^."].*?)";$/gms);
  return [...imports].some(([line]) => new RegExp(`\\b${referenced}\\b`).test(line));
}
