/**
 * Groups for the pairs of micro-steps, so that few places are padding. A program has fixed widths. A
 * training therefore has a few packings, each a program, and a micro-step uses the cheapest that its pairs
 * fit in. They follow from the lengths of the split and the number of micro-steps; all pairs fit the last.
 *
 * Which candidates are trained on is only known on the device. Their groups hold the longest that mining
 * could keep.
 */
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import type { RowLengths } from "../../batch/row_tables.ts";
import type { RankingProblems } from "../../batch/sampling.ts";
import type { SplitIndex } from "../../batch/split_index.ts";
import type { PairGroup } from "../../model/packed_pairs.ts";
import type { HardChoice } from "./hard_negatives.ts";
import type { Packing } from "./step.ts";

export interface PackingSizes {
  readonly anchors: number;
  readonly negatives: number;
  /** What mining keeps. */
  readonly hard: HardChoice;
  /** Micro-steps of the training. */
  readonly microSteps: number;
}

/** The places of a pair, of each pair of a micro-step. */
interface PassLengths {
  /** Of all candidates, longest first. */
  readonly mined: readonly number[];
  /** Of those that are trained on, longest first, at most. */
  readonly trained: readonly number[];
}

/** Groups of a pass. More of them leave less padding, and make a larger program. */
const groupCount = 3;
/** Micro-steps that are drawn to choose the packings. */
const drawn = 2000;
/** Compiling one more program takes about as long as so many micro-steps. */
const compiling = 60;
/** The most of the places of padded pairs at which packing is worth a larger program. */
const worthwhile = 0.9;
/** Shares of the micro-steps of which every single group fits a packing. */
const shares = [0.3, 0.5, 0.7, 0.85, 0.95, 1];

/** The packings of a training, cheapest first; none if they would save little. Other seeds have the same. */
export function packings(
  lengths: RowLengths,
  index: Pick<SplitIndex, "imageOfText">,
  sizes: PackingSizes,
): Packing[] {
  const needs = Array.from(
    { length: drawn },
    (_, place) =>
      leastPacking(passLengths(drawnProblems(index, lengths, place, sizes), lengths, sizes.hard)),
  );
  const largest = (numbers: readonly number[]) => numbers.reduce((most, x) => Math.max(most, x), 0);
  const whole = largest(lengths.words) + largest(lengths.regions);
  const last = withWidths(needs[0]!, () => whole);
  const candidates = shares.map((share) =>
    withWidths(needs[0]!, (pass, group) => {
      const widths = needs.map((need) => need[pass][group]!.width).sort((a, b) => a - b);
      const least = widths[Math.ceil(share * drawn) - 1]!;
      // What 2,000 drawn micro-steps fit in should do for a whole training.
      return Math.min(whole, 2 * Math.ceil((share === 1 ? 1.05 * least : least) / 2));
    })
  );
  const { all, mean } = cheapest(candidates, needs, sizes.microSteps);
  return mean < worthwhile * costOf(last) ? [...all, last] : [];
}

/** The first packing that the pairs of a micro-step fit in. */
export function packingOf(
  packings: readonly Packing[],
  problems: RankingProblems,
  lengths: RowLengths,
  hard: HardChoice,
): Packing {
  const need = leastPacking(passLengths(problems, lengths, hard));
  return packings.find((packing) => fits(need, packing)) ?? packings.at(-1)!;
}

/** Of the sets of at most three candidates, which the last is always one of; and its mean cost. */
function cheapest(
  candidates: readonly Packing[],
  needs: readonly Packing[],
  microSteps: number,
): { readonly all: readonly Packing[]; readonly mean: number } {
  const largest = candidates.at(-1)!;
  const smaller = candidates.slice(0, -1);
  const sets = [
    [],
    ...smaller.map((one) => [one]),
    ...smaller.flatMap((one, place) => smaller.slice(place + 1).map((other) => [one, other])),
  ];
  const priced = sets.map((set) => {
    const all = [...set, largest];
    const costs = needs.map((need) => costOf(all.find((packing) => fits(need, packing))!));
    const mean = costs.reduce((sum, cost) => sum + cost, 0) / needs.length;
    return { all, mean, cost: mean * microSteps + set.length * compiling * costOf(largest) };
  });
  return priced.reduce((best, one) => one.cost < best.cost ? one : best);
}

/** Places, with those of the pass with gradient three times. */
function costOf({ mined, trained }: Packing): number {
  const places = (groups: readonly PairGroup[]) =>
    groups.reduce((sum, { pairs, width }) => sum + pairs * width, 0);
  return places(mined) + 3 * places(trained);
}

function fits(need: Packing, packing: Packing): boolean {
  return passes.every((pass) =>
    need[pass].every(({ width }, group) => width <= packing[pass][group]!.width)
  );
}

const passes = ["mined", "trained"] as const;

function withWidths(
  packing: Packing,
  width: (pass: typeof passes[number], group: number) => number,
): Packing {
  const groups = (pass: typeof passes[number]) =>
    packing[pass].map(({ pairs }, group) => ({ pairs, width: width(pass, group) }));
  return { mined: groups("mined"), trained: groups("trained") };
}

/** Groups of equal numbers of pairs, each as wide as its longest pair. */
function leastPacking({ mined, trained }: PassLengths): Packing {
  const groups = (lengths: readonly number[]): PairGroup[] => {
    const count = Math.min(groupCount, lengths.length);
    const start = (group: number) => Math.round(group * lengths.length / count);
    return Array.from({ length: count }, (_, group) => ({
      pairs: start(group + 1) - start(group),
      width: lengths[start(group)]!,
    }));
  };
  return { mined: groups(mined), trained: groups(trained) };
}

function passLengths(
  { imageAnchors, textCandidates, textAnchors, imageCandidates }: RankingProblems,
  { words, regions }: RowLengths,
  hard: HardChoice,
): PassLengths {
  const candidates = textCandidates.length / imageAnchors.length;
  const problems = [
    ...Array.from(imageAnchors, (image, anchor) =>
      Array.from(
        textCandidates.subarray(anchor * candidates, (anchor + 1) * candidates),
        (text) => words[text]! + regions[image]!,
      )),
    ...Array.from(textAnchors, (text, anchor) =>
      Array.from(
        imageCandidates.subarray(anchor * candidates, (anchor + 1) * candidates),
        (image) => words[text]! + regions[image]!,
      )),
  ];
  const longestFirst = (lengths: readonly number[]) => [...lengths].sort((a, b) => b - a);
  return {
    mined: longestFirst(problems.flat()),
    trained: longestFirst(problems.flatMap((lengths) => {
      const always = hard.keepFirst ? 2 : 1;
      const longest = longestFirst(lengths.slice(always)).slice(0, hard.count + 1 - always);
      return [...lengths.slice(0, always), ...longest];
    })),
  };
}

/** Problems with rows drawn from all, for their lengths alone. */
function drawnProblems(
  { imageOfText }: Pick<SplitIndex, "imageOfText">,
  { words, regions }: RowLengths,
  place: number,
  { anchors, negatives }: PackingSizes,
): RankingProblems {
  const random = randomStream(0).fork("packing").fork(place);
  let counter = 0;
  const draw = (bound: number) => Math.floor(random.uniform(counter++) * bound);
  const candidates = 1 + negatives;
  const problems = {
    imageAnchors: new Int32Array(anchors),
    textCandidates: new Int32Array(anchors * candidates),
    textAnchors: new Int32Array(anchors),
    imageCandidates: new Int32Array(anchors * candidates),
  };
  for (let anchor = 0; anchor < anchors; anchor++) {
    const [shown, text] = [draw(words.length), draw(words.length)];
    problems.imageAnchors[anchor] = imageOfText[shown]!;
    problems.textAnchors[anchor] = text;
    for (let candidate = 0; candidate < candidates; candidate++) {
      const at = anchor * candidates + candidate;
      problems.textCandidates[at] = candidate === 0 ? shown : draw(words.length);
      problems.imageCandidates[at] = candidate === 0 ? imageOfText[text]! : draw(regions.length);
    }
  }
  return problems;
}
