/**
 * The exact versions of packages and of all their dependencies, from deno.lock, as sorted
 * `name@version` texts. A new version of an imported package or of anything below it changes the
 * list; other versions do not.
 *
 * @param imported specifiers as written in the code: `valibot`, `npm:yaml@2`, `node:fs`
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

/** Resolves a specifier with the import map: by an exact entry, or else by the longest folder entry. */
function mapped(specifier: string, map: Record<string, string>): string {
  const exact = map[specifier];
  if (exact !== undefined) return exact;
  const folder = Object.keys(map)
    .filter((key) => key.endsWith("/") && specifier.startsWith(key))
    .sort((a, b) => b.length - a.length)[0];
  return folder === undefined ? specifier : map[folder]! + specifier.slice(folder.length);
}

/** deno.lock omits the version of a dependency if it contains only one. */
function fullName(name: string, npm: object): string {
  if (name in npm) return name;
  return Object.keys(npm).find((key) => key.startsWith(`${name}@`)) ?? name;
}
