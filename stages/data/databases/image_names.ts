/** Finds an image by its own name, or by the number at the end of it where that is its alone. */
export function imageFinder(names: readonly string[]): (picture: string) => string | undefined {
  const byStem = new Map(names.map((name) => [stem(name), name]));
  const byNumber = Map.groupBy(names, (name) => endNumber(name) ?? "");
  return (picture) => {
    const exact = byStem.get(stem(picture));
    if (exact !== undefined) return exact;
    const number = endNumber(picture);
    const same = number === undefined ? undefined : byNumber.get(number);
    return same?.length === 1 ? same[0] : undefined;
  };
}

const stem = (name: string) => name.replace(/\.[A-Za-z]+$/, "");
const endNumber = (name: string) => /0*(\d+)$/.exec(stem(name))?.[1];
