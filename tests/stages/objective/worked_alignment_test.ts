/** Every member on two words and two regions, computed by hand. */
import {
  type Alignment,
  alignmentLosses,
  alignments,
  congruence,
  member,
  type Modality,
  roundtrip,
  transport,
} from "../../../stages/objective/alignment.ts";
import { project } from "../../../stages/objective/projection.ts";
import { blocksOf, type LooseBlocks, type Matrix } from "../../support/attention.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const pair: LooseBlocks = {
  tokenToToken: [[0.5, 0.5], [0.2, 0.8]],
  regionToRegion: [[0.6, 0.4], [0.3, 0.7]],
  tokenToRegion: [[0.9, 0.1], [0.4, 0.6]],
  regionToToken: [[0.8, 0.2], [0.3, 0.7]],
};

/** Of a row's log ratio d: sparsemax ((1 + d) / 2, (1 - d) / 2), or (1, 0) from d = 1 on. */
const sparse = {
  words: [[1, 0], [0.29727, 0.70273]], // ln 9 > 1; ln 1.5 = 0.40547
  regions: [[1, 0], [0.07635, 0.92365]], // ln 4 > 1; ln (7/3) = 0.84730
};
/** 1.5-entmax: the squares of (sqrt(2 - d²/4) ± d/2) / 2, or (1, 0) from d = 2 on. */
const between = {
  words: [[1, 0], [0.35813, 0.64187]],
  regions: [[0.92722, 0.07278], [0.21419, 0.78581]],
};
const one = { words: [[1, 0], [0, 1]], regions: [[1, 0], [0, 1]] };
const all = { words: pair.tokenToRegion, regions: pair.regionToToken };

interface Example {
  readonly alignment: Alignment;
  /** P of the words, P of the regions. */
  readonly maps: { readonly words: Matrix; readonly regions: Matrix };
  /** P S P^T or P P, before any softmax. */
  readonly carried: { readonly words: Matrix; readonly regions: Matrix };
  /** L loss and V loss. */
  readonly losses: { readonly text: number; readonly image: number };
}

const transportedOne = { words: [[0.6, 0.4], [0.3, 0.7]], regions: [[0.5, 0.5], [0.2, 0.8]] };
const transportedAll = {
  words: [[0.556, 0.486], [0.436, 0.516]],
  regions: [[0.464, 0.524], [0.374, 0.584]],
};
const returnedAll = { words: [[0.75, 0.25], [0.5, 0.5]], regions: [[0.8, 0.2], [0.55, 0.45]] };

const examples: Readonly<Record<string, Example>> = {
  singular: {
    alignment: alignments.singular,
    maps: one,
    carried: transportedOne,
    losses: { text: 0.10426, image: 0.02699 },
  },
  "singular, divided by sums": {
    alignment: member("argmax", "transport", "sum"),
    maps: one,
    carried: transportedOne,
    losses: { text: 0.04722, image: 0.04722 },
  },
  "topk of 1, transported": {
    alignment: member({ topk: 1 }, "transport"),
    maps: one,
    carried: transportedOne,
    losses: { text: 0.10426, image: 0.02699 },
  },
  "topk of 1, there and back": {
    alignment: member({ topk: 1 }, "roundtrip"),
    maps: one,
    carried: one,
    losses: { text: 4.6968, image: 4.62724 },
  },
  "sparsemax, transported": {
    alignment: member("sparsemax", "transport"),
    maps: sparse,
    carried: {
      words: [[0.6, 0.45945], [0.38918, 0.54493]],
      regions: [[0.5, 0.5], [0.22291, 0.73478]],
    },
    losses: { text: 0.16314, image: 0.03281 },
  },
  "sparsemax, transported, divided by sums": {
    alignment: member("sparsemax", "transport", "sum"),
    maps: sparse,
    carried: {
      words: [[0.6, 0.45945], [0.38918, 0.54493]],
      regions: [[0.5, 0.5], [0.22291, 0.73478]],
    },
    losses: { text: 0.12255, image: 0.03189 },
  },
  "sparsemax, there and back": {
    alignment: member("sparsemax", "roundtrip"),
    maps: sparse,
    carried: { words: [[1, 0], [0.35092, 0.64908]], regions: [[1, 0], [0.35092, 0.64908]] },
    losses: { text: 3.51208, image: 2.68792 },
  },
  "entmax15, transported": {
    alignment: member("entmax15", "transport"),
    maps: between,
    carried: {
      words: [[0.6, 0.47163], [0.40744, 0.52626]],
      regions: [[0.48134, 0.51248], [0.29857, 0.63475]],
    },
    losses: { text: 0.17337, image: 0.05336 },
  },
  "entmax15, there and back": {
    alignment: member("entmax15", "roundtrip"),
    maps: between,
    carried: {
      words: [[0.92722, 0.07278], [0.46955, 0.53045]],
      regions: [[0.95329, 0.04671], [0.49561, 0.50439]],
    },
    losses: { text: 0.71398, image: 0.54225 },
  },
  congruence: {
    alignment: congruence,
    maps: all,
    carried: transportedAll,
    losses: { text: 0.03329, image: 0.01283 }, // against softmax(S_LL) and softmax(S_VV)
  },
  "softmax, transported": {
    alignment: member("softmax", "transport"),
    maps: all,
    carried: transportedAll,
    losses: { text: 0.1835, image: 0.07383 },
  },
  "softmax, transported, divided by sums": {
    alignment: member("softmax", "transport", "sum"),
    maps: all,
    carried: transportedAll,
    losses: { text: 0.15935, image: 0.05251 },
  },
  "topk of all, there and back": {
    alignment: member({ topk: 2 }, "roundtrip"),
    maps: all,
    carried: returnedAll,
    losses: { text: 0.34527, image: 0.22907 },
  },
  distributed: {
    alignment: alignments.distributed,
    maps: all,
    carried: returnedAll,
    losses: { text: 0.34527, image: 0.22907 },
  },
};

const near = 1e-5;

for (const [name, { alignment, maps, carried, losses }] of Object.entries(examples)) {
  tensorTest(`${name}: maps, carried relation and losses equal those computed by hand`, () => {
    const blocks = blocksOf([pair]);
    const words = project<"token", "region">(alignment.projection, blocks.tokenToRegion);
    const regions = project<"region", "token">(alignment.projection, blocks.regionToToken);
    assertClose(words, maps.words.flat(), near, "map of the words");
    assertClose(regions, maps.regions.flat(), near, "map of the regions");

    const transported = alignment.relation === "transport";
    assertClose(
      transported
        ? transport<"token", "region">(words, blocks.regionToRegion)
        : roundtrip<"token", "region">(words, regions),
      carried.words.flat(),
      near,
      "what the words see",
    );
    assertClose(
      transported
        ? transport<"region", "token">(regions, blocks.tokenToToken)
        : roundtrip<"region", "token">(regions, words),
      carried.regions.flat(),
      near,
      "what the regions see",
    );

    for (const modality of ["text", "image"] satisfies Modality[]) {
      const loss = alignmentLosses(blocks, alignment, modality);
      assertClose(loss, [losses[modality]], near, `${modality} loss`);
    }
  });
}
