/**
 * The exact versions of packages and of all they depend on, from deno.lock, as sorted
 * `name@version` texts. A version that changes anywhere below an imported package changes the list;
 * one that changes elsewhere does not.
 *
 * @param imported specifiers as they stand in the code: `valibot`, `npm:yaml@2`, `node:fs`
 */
export function packageVersions(
  imported: readonly string[],
  { configuration, lock }: { configuration: unknown; lock: unknown },
): string[] {
  const map = (configuration as { imports?: Record<string, string> }).imports ?? {};
  const { specifiers = {}, npm = {} } = lock as Lock;
  const found = new Set<string>();
  const waiting: string[] = [];
  for (const specifier of imported) {
    if (specifier.startsWith("node:")) continue;
    const target = mapped(specifier, map);
    const requirement = /^npm:\/?((?:@[^/]+\/)?[^/]+)/.exec(target)?.[1];
    const version = requirement === undefined ? undefined : specifiers[`npm:${requirement}`];
    if (requirement === undefined || version === undefined) found.add(target);
    else waiting.push(`${requirement.replace(/(?<=.)@.*$/, "")}@${version}`);
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    const entry = npm[next];
    const below = [...entry?.dependencies ?? [], ...entry?.optionalDependencies ?? []];
    waiting.push(...below.map((name) => fullName(name, npm)));
  }
  return [...found].sort();
}

interface Lock {
  readonly specifiers?: Record<string, string>;
  readonly npm?: Record<
    string,
    { readonly dependencies?: string[]; readonly optionalDependencies?: string[] }
  >;
}

/** What the import map makes of a specifier: an exact entry, else the longest folder entry. */
function mapped(specifier: string, map: Record<string, string>): string {
  const exact = map[specifier];
  if (exact !== undefined) return exact;
  const folder = Object.keys(map)
    .filter((key) => key.endsWith("/") && specifier.startsWith(key))
    .sort((a, b) => b.length - a.length)[0];
  return folder === undefined ? specifier : map[folder]! + specifier.slice(folder.length);
}

/** The lock leaves the version out of a dependency when it holds one version only. */
function fullName(name: string, npm: object): string {
  if (name in npm) return name;
  return Object.keys(npm).find((key) => key.startsWith(`${name}@`)) ?? name;
}
