/** What a stage tries in vain if its definition does not declare it, and how each attempt ended. */
export function attempts(
  { numbers, folder, elsewhere }: { numbers: string; folder: string; elsewhere: string },
): Record<string, string> {
  const all: Record<string, () => unknown> = {
    "read the input": () => Deno.readTextFileSync(`${numbers}/numbers.txt`),
    "write the input": () => Deno.writeTextFileSync(`${numbers}/numbers.txt`, ""),
    "remove the input": () => Deno.removeSync(numbers, { recursive: true }),
    "read elsewhere": () => Deno.readTextFileSync(`${elsewhere}/secret.txt`),
    "write elsewhere": () => Deno.writeTextFileSync(`${elsewhere}/own.txt`, ""),
    "complete itself": () => Deno.renameSync(folder, `${elsewhere}/complete`),
    "start true": () => new Deno.Command("true").outputSync(),
    "start sh": () => new Deno.Command("sh", { args: ["-c", "true"] }).outputSync(),
    "read the environment": () => Deno.env.get("HOME"),
    "reach the network": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
    "open a library": () => Deno.dlopen("libc.so.6", {}).close(),
    "keep an item": () => localStorage.setItem("x", "kept"),
    "keep a response": () => caches.open("x"),
  };
  const outcome = (what: () => unknown) => {
    try {
      what();
      return "done";
    } catch (error) {
      return (error as Error).name;
    }
  };
  return Object.fromEntries(Object.entries(all).map(([name, what]) => [name, outcome(what)]));
}
