/**
 * Facts about a run that are not part of its key, although they may change the last bits of its result:
 * the machine that computed it, and the version of Deno. Wherever results with different facts come
 * together, a text says so.
 */

/** What is kept with a result: versions, device and machine, by name. */
export type Versions = Readonly<Record<string, string>>;

interface Fact {
  readonly name: string;
  /** What several values of it are. */
  readonly kinds: string;
  /** Undefined where it is not known or does not matter. */
  of(versions: Versions): string | undefined;
}

const facts: readonly Fact[] = [
  {
    name: "processor",
    kinds: "types of processor, whose rounding differs",
    of: ({ processor }) => processor,
  },
  {
    name: "gpu",
    kinds: "types of GPU or of its driver, whose rounding differs",
    of: ({ device, gpu }) => device === "gpu" ? gpu : undefined,
  },
  {
    name: "system",
    kinds: "systems, whose mathematical functions differ",
    // Without the release of the kernel, which computes nothing.
    of: ({ system }) => system?.split(" ").slice(0, 2).join(" "),
  },
  {
    name: "deno",
    kinds: "versions of Deno, whose mathematical functions may differ",
    of: ({ deno }) => deno,
  },
];

/** What a fact is called in the versions of a run that went on from a checkpoint of another machine. */
const earlier = (name: string) => `earlier ${name}`;
const separator = "; ";

/** One fact that results do not have in common. */
export interface Mixture {
  /** In words, such as `types of processor, whose rounding differs`. */
  readonly kinds: string;
  /** Each value with the results that have it, also in part. */
  readonly values: ReadonlyMap<string, readonly Versions[]>;
}

/** The facts that results do not have in common; what is not known of a result is left out. */
export function mixturesOf(results: readonly Versions[]): Mixture[] {
  return facts.flatMap((fact) => {
    const values = new Map<string, Versions[]>();
    for (const versions of results) {
      for (const value of valuesOf(fact, versions)) {
        const same = values.get(value);
        if (same === undefined) values.set(value, [versions]);
        else same.push(versions);
      }
    }
    return values.size < 2 ? [] : [{ kinds: fact.kinds, values }];
  });
}

/** Whether two machines differ in a fact that is known of both. */
export function differsIn(one: Versions, other: Versions): boolean {
  return mixturesOf([one, other]).length > 0;
}

/** A caution about results that were computed in different circumstances; undefined if they were not. */
export function mixedText(results: readonly Versions[]): string | undefined {
  const lines = mixturesOf(results).map(({ kinds, values }) =>
    `Results were computed on ${values.size} ${kinds}; this alone may cause differences: ` +
    `${[...values.keys()].sort().join(separator)}.`
  );
  return lines.length === 0 ? undefined : lines.join(" ");
}

/**
 * The facts of machines that computed a first part of a result, up to a checkpoint, where they differ
 * from those of the machine that goes on.
 */
export function earlierFacts(machines: readonly Versions[], now: Versions): Versions {
  return Object.fromEntries(facts.flatMap((fact) => {
    const others = new Set(machines.flatMap((versions) => valuesOf(fact, versions)));
    others.delete(fact.of(now) ?? "");
    return others.size === 0 ? [] : [[earlier(fact.name), [...others].sort().join(separator)]];
  }));
}

function valuesOf({ name, of }: Fact, versions: Versions): string[] {
  const now = of(versions);
  const before = versions[earlier(name)]?.split(separator) ?? [];
  return [...before, ...(now === undefined ? [] : [now])];
}
