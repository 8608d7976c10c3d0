/** Experiments of trivial stages: chains of ten, or one sweep. */

export const chainLength = 10;

/** The links of all chains, `c<chain>_<place>`, each with the one it reads; those first in theirs read none. */
export function links(count: number): { readonly name: string; readonly from?: string }[] {
  return Array.from({ length: count }, (_, index) => {
    const [chain, place] = [Math.floor(index / chainLength), index % chainLength];
    const name = `c${chain}_${place}`;
    return place === 0 ? { name } : { name, from: `c${chain}_${place - 1}` };
  });
}

/** An experiment file of so many stages in chains. */
export function chainExperiment(count: number): string {
  const stages = links(count).map(({ name, from }, index) =>
    from === undefined
      ? `  ${name}: { use: toy_numbers, count: 1, seed: ${index} }`
      : `  ${name}: { use: toy_link, from: ${from}, place: ${index % chainLength} }`
  );
  return ["name: chains", "seed: 1", "stages:", ...stages, ""].join("\n");
}

/** An experiment file of a sweep over so many points, and a stage after each. */
export function sweepExperiment(points: number): string {
  return [
    "name: sweep",
    "stages:",
    `  numbers: { use: toy_numbers, count: 1, matrix: { seed: { from: 1, to: ${points} } } }`,
    "  link: { use: toy_link, from: numbers }",
    "",
  ].join("\n");
}
