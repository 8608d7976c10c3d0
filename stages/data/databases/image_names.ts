/**
 * Finds the same images in two lists of names: pictures that are asked for (`1000092795.jpg`), and known
 * features or annotations (`flickr30k_000001000092795.npz`). Names are the same
 *
 * - if they are equal, at least without file extensions;
 * - or, if no name of the two lists is, when they are equal after one prefix that all names of one list
 *   share, ignoring case and zeros in front of numbers.
 *
 * Nothing else counts: `bird_4.jpg` never gets the features of `cat_4.npz`.
 */
import type { Complaint } from "../../../pipeline/contract/complaint.ts";

/** Creates the error for two names that cannot be told apart. */
type Ambiguous = (what: string) => Complaint;

/**
 * @returns the known name of each image that has one
 * @throws {Complaint} made by `ambiguous` when two names of one list are the same image
 */
export function matchImages(
  asked: readonly string[],
  known: readonly string[],
  ambiguous: Ambiguous,
): Map<string, string> {
  const lists = { asked: [...new Set(asked)], known: [...new Set(known)] };
  const identical = identities(lists, ambiguous);
  const found = identical.size > 0 ? identical : afterPrefix(lists, ambiguous);
  const askedOf = new Map<string, string>();
  for (const [picture, name] of found) {
    const other = askedOf.get(name);
    if (other !== undefined) throw ambiguous(bothAre(other, picture, name));
    askedOf.set(name, picture);
  }
  return found;
}

interface Lists {
  readonly asked: readonly string[];
  readonly known: readonly string[];
}

/** For each name the most exact of these forms that is known: as it is, with `.npz`, without any extension. */
function identities({ asked, known }: Lists, ambiguous: Ambiguous): Map<string, string> {
  const forms = [(name: string) => name, withoutNpz, stem].map((form) => ({
    form,
    names: Map.groupBy(known, form),
  }));
  return new Map(asked.flatMap((picture) => {
    const same = forms.values().map(({ form, names }) => names.get(form(picture)))
      .find((names) => names !== undefined);
    return same === undefined ? [] : [[picture, only(same, picture, ambiguous)] as const];
  }));
}

/** The matches after the one prefix that gives any. */
function afterPrefix(lists: Lists, ambiguous: Ambiguous): Map<string, string> {
  const { asked, known } = lists;
  const found = [
    ...sharedPrefixes(known).map((prefix) => ({ prefix, cut: { asked: 0, known: prefix.length } })),
    ...sharedPrefixes(asked).filter((prefix) => prefix !== "")
      .map((prefix) => ({ prefix, cut: { asked: prefix.length, known: 0 } })),
  ].map(({ prefix, cut }) => {
    const names = Map.groupBy(known, (name) => plain(stem(name).slice(cut.known)));
    const matches = asked.flatMap((picture) => {
      const same = names.get(plain(stem(picture).slice(cut.asked)));
      return same === undefined ? [] : [[picture, only(same, picture, ambiguous)] as const];
    });
    return { prefix, matches };
  }).filter(({ matches }) => matches.length > 0);
  const [first, second] = found;
  if (second !== undefined) {
    const [one, other] = [first!, second].map(({ matches: [match], prefix }) =>
      `\`${match![0]}\` is \`${match![1]}\` with prefix \`${prefix}\``
    );
    throw ambiguous(`names match in two ways: ${one}, but ${other}`);
  }
  return new Map(first?.matches);
}

/** The prefixes that all names share and that end before a word or a number: the empty one, and those of two or more. */
function sharedPrefixes(names: readonly string[]): string[] {
  const [first = "", ...rest] = names.map(stem);
  if (rest.length === 0) return [""];
  const shared = rest.reduce((prefix, name) => prefix.slice(0, commonLength(prefix, name)), first);
  return Array.from({ length: shared.length + 1 }, (_, end) => shared.slice(0, end)).filter((
    prefix,
  ) =>
    prefix === "" || /[^\p{L}\p{N}]$/u.test(prefix) ||
    (/\p{L}$/u.test(prefix) && /^\d/.test(first.slice(prefix.length)))
  );
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

function only(names: readonly string[], picture: string, ambiguous: Ambiguous): string {
  if (names.length > 1) {
    throw ambiguous(`\`${picture}\` may be \`${names[0]}\` or \`${names[1]}\``);
  }
  return names[0]!;
}

const bothAre = (one: string, other: string, name: string) =>
  `\`${one}\` and \`${other}\` are both \`${name}\``;

/** Lower case, and numbers without zeros in front. */
const plain = (name: string) => name.toLowerCase().replace(/^0+(?=\d+$)/, "");
const withoutNpz = (name: string) => name.replace(/\.npz$/i, "");
const stem = (name: string) => withoutNpz(name).replace(extension, "");
const extension = /\.(?:jpe?g|png|webp|gif|tiff?|heic|heif|avif|bmp)$/i;
