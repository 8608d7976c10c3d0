/**
 * Matches the names of images across data sets: by name without file extension, or by the number at its end
 * if that number is unique (`1000092795.jpg` is `flickr30k_000001000092795.npz`).
 */
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
