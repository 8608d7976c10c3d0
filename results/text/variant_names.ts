/** Names of variants where space is short: in lines of the terminal, and in legends. */

/**
 * Different names stay different. If one is longer than `longest`, all are written without the names of
 * their axes (`200, singular` for `train_images=200, alignment=singular`); what is longer even then is cut
 * and, if that makes it equal to another, numbered.
 */
export function shortNames(names: readonly string[], longest: number): Map<string, string> {
  if (names.every((name) => name.length <= longest)) return new Map(names.map((one) => [one, one]));
  const values = names.map((name) => name.replace(/(^|, )[\w.]+=/g, "$1"));
  const distinct = new Set(values).size === new Set(names).size;
  const cut = (distinct ? values : names).map((name) =>
    name.length <= longest ? name : `${name.slice(0, longest - 1)}…`
  );
  const short = new Map<string, string>();
  names.forEach((name, place) => {
    const used = new Set(short.values());
    const wanted = cut[place]!;
    const number = ` (${place + 1})`;
    const own = used.has(wanted) ? `${wanted.slice(0, longest - number.length)}${number}` : wanted;
    if (!short.has(name)) short.set(name, own);
  });
  return short;
}
