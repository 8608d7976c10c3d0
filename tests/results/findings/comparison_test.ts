import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { compareVariants } from "../../../results/findings/comparison.ts";
import {
  comparedVariants,
  requestedVariants,
  variantsOf,
  variantsWithoutBaseline,
} from "../../../results/findings/variants.ts";

const schema = Deno.readTextFileSync(
  new URL("../../../results/database/schema.sql", import.meta.url),
);

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-9, `${found} is not ${expected}`);

interface Rank {
  readonly variant: string;
  /** A second axis, which is not part of the baseline. */
  readonly images?: number;
  readonly seed: number;
  readonly direction: "i2t" | "t2i";
  readonly query: string;
  readonly image: string | null;
  readonly rank: number;
}

/** Comparisons from a database with these ranks of stage `recall` on split `test`; the baseline is `none`. */
async function compared(
  ranks: readonly Rank[],
  { baseline = "none", more = "", cutoffs = [1, 5, 10] }: {
    baseline?: string;
    more?: string;
    cutoffs?: readonly number[];
  } = {},
) {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(schema);
    await connection.run("INSERT INTO experiment VALUES ('e', 'x', 'x.yaml', NULL, now())");
    if (baseline !== "") {
      await connection.run("INSERT INTO baseline VALUES ('e', 'alignment', $1)", [baseline]);
    }
    const runs = new Set<string>();
    for (const { variant, images, seed, direction, query, image, rank } of ranks) {
      const run = [variant, ...(images === undefined ? [] : [images]), seed].join("-");
      if (!runs.has(run)) {
        runs.add(run);
        await connection.run("INSERT INTO experiment_run VALUES ('e', $1, 'recall', $1, $2)", [
          run,
          runs.size,
        ]);
        if (images !== undefined) {
          await connection.run("INSERT INTO run_point VALUES ('e', $1, 'train_images', $2, $1)", [
            run,
            String(images),
          ]);
        }
        await connection.run(
          "INSERT INTO run_point VALUES ('e', $1, 'alignment', $2, $1), ('e', $1, 'seed', $3, $1)",
          [run, variant, String(seed)],
        );
      }
      await connection.run(
        `INSERT INTO query_rank (run, direction, query, split, rank, image)
         VALUES ($1, $2, $3, 'test', $4, $5)`,
        [run, direction, query, rank, image],
      );
    }
    await connection.run(
      `INSERT INTO metric SELECT DISTINCT run, direction || '_r' || k, split, 0.5
       FROM query_rank, (SELECT unnest([${cutoffs.join(", ")}]) AS k)`,
    );
    await connection.run(more);
    return await compareVariants(connection, "e");
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Twenty captions of ten images; the variant ranks the images of the captions in `better` first. */
const ranksOf = (variant: string, seed: number, better: (caption: number) => boolean): Rank[] =>
  Array.from({ length: 20 }, (_, caption) => ({
    variant,
    seed,
    direction: "t2i",
    query: `c${caption}`,
    image: `i${caption >> 1}`,
    rank: better(caption) ? 1 : 7,
  }));

Deno.test("compareVariants() compares query by query over common seeds, resampling whole images", async () => {
  const rows = await compared([
    ...ranksOf("none", 1, () => false),
    ...ranksOf("none", 2, () => false),
    ...ranksOf("singular", 1, () => true),
    ...ranksOf("singular", 2, (caption) => caption < 10),
    ...ranksOf("singular", 3, () => true), // a seed that the baseline does not have
  ]);
  assert.deepEqual(rows.map(({ metric }) => metric), ["t2i_r1", "t2i_r5", "t2i_r10"]);
  const [first, , last] = rows;
  assert.deepEqual(
    [first!.variant, first!.baseline, first!.seeds, first!.queries, first!.units],
    ["singular", "none", 2, 20, 10],
  );
  assert.equal(first!.difference, 0.75);
  // One seed is ahead on all images, the other on half: mean squares 1.25 of seeds, 1.25 / 9 of images and
  // of the rest. So t = 0.75 / sqrt(1.25 / 20) = 3 with one degree of freedom: Cauchy's distribution.
  near(first!.p, 1 - 2 / Math.PI * Math.atan(3));
  near(first!.high, 0.75 + 0.25 * Math.tan(Math.PI * 0.475));
  near(first!.low, 0.75 - 0.25 * Math.tan(Math.PI * 0.475));
  assert.deepEqual([first!.pSeeds, first!.significant], [0.5, false]);
  assert.deepEqual([last!.difference, last!.p, last!.significant], [0, 1, false]);
});

Deno.test("with one seed, interval and p are those of the images alone", async () => {
  const [row] = await compared([
    ...ranksOf("none", 1, () => false),
    ...ranksOf("singular", 1, (caption) => caption < 15),
  ]);
  // Eight images are ahead: two of 2^8 sign assignments are as extreme.
  assert.deepEqual([row!.p, row!.pSeeds, row!.components], [2 / 256, null, null]);
  assert.ok(row!.significant && row!.low > 0.4 && row!.high < 1);
});

Deno.test("seeds that agree on every image cannot make a difference more certain than images do", async () => {
  const seeds = [1, 2, 3];
  const [row] = await compared([
    ...seeds.flatMap((seed) => ranksOf("none", seed, () => false)),
    ...seeds.flatMap((seed) => ranksOf("singular", seed, () => true)),
  ]);
  assert.deepEqual([row!.difference, row!.low, row!.high], [1, 1, 1]);
  assert.deepEqual([row!.p, row!.pSeeds, row!.significant], [2 / 1024, 0.25, true]);
});

Deno.test("images of one family are one unit", async () => {
  const ranks = [...ranksOf("none", 1, () => false), ...ranksOf("a", 1, () => true)];
  const more = "UPDATE query_rank SET family = 'f' || (image[2:]::INTEGER // 2)";
  const [row] = await compared(ranks, { more });
  assert.deepEqual([row!.unit, row!.units, row!.queries, row!.p], ["families", 5, 20, 2 / 32]);
});

Deno.test("compareVariants() compares recalls at the requested K, in order of K", async () => {
  // Ranks 1 of five images, 3 of the others; the baseline has 7.
  const ranks = ranksOf("singular", 1, (caption) => caption < 10)
    .map((row) => row.rank === 1 ? row : { ...row, rank: 3 });
  const rows = await compared([...ranksOf("none", 1, () => false), ...ranks], {
    cutoffs: [100, 2, 3],
  });
  assert.deepEqual(
    rows.map(({ metric, difference }) => [metric, difference]),
    [["t2i_r2", 0.5], ["t2i_r3", 1], ["t2i_r100", 0]],
  );
});

Deno.test("compareVariants() compares rsum where it was measured, counting images with their captions", async () => {
  const images = (variant: string, rank: number): Rank[] =>
    Array.from({ length: 10 }, (_, image) => ({
      variant,
      seed: 1,
      direction: "i2t",
      query: `i${image}`,
      image: `i${image}`,
      rank,
    }));
  const more = "INSERT INTO metric SELECT DISTINCT run, 'rsum', split, 0.5 FROM query_rank";
  const rows = await compared([
    ...ranksOf("none", 1, () => false), // rank 7: R@10 alone
    ...images("none", 20),
    ...ranksOf("singular", 1, (caption) => caption < 10),
    ...images("singular", 4),
  ], { more });
  assert.deepEqual(
    rows.map(({ metric }) => metric),
    ["i2t_r1", "i2t_r5", "i2t_r10", "t2i_r1", "t2i_r5", "t2i_r10", "rsum"],
  );
  const rsum = rows.at(-1)!;
  // i2t: R@5 and R@10 of all; t2i: R@1 and R@5 of half.
  assert.equal(rsum.difference, 3);
  assert.deepEqual([rsum.queries, rsum.units, rsum.p], [30, 10, 2 / 1024]);
});

Deno.test("compareVariants() corrects p for the number of variants", async () => {
  const ahead = (count: number) => (caption: number) => caption < 2 * count;
  const rows = await compared([
    ...ranksOf("none", 1, () => false),
    ...ranksOf("a", 1, ahead(6)),
    ...ranksOf("b", 1, ahead(5)),
    ...ranksOf("c", 1, ahead(0)),
  ]);
  const of = (variant: string) =>
    rows.find((row) => row.variant === variant && row.metric === "t2i_r1")!;
  assert.deepEqual([of("a").p, of("b").p, of("c").p], [2 / 64, 2 / 32, 1]);
  assert.deepEqual([of("a").pHolm, of("b").pHolm, of("c").pHolm], [6 / 64, 4 / 32, 1]);
  assert.ok(rows.every(({ significant, variants }) => !significant && variants === 3));
});

Deno.test("compareVariants() also corrects for requested variants without results", async () => {
  const [row] = await compared(
    [
      ...ranksOf("none", 1, () => false),
      ...ranksOf("none", 2, () => false),
      ...ranksOf("a", 1, (caption) => caption < 12),
    ],
    {
      more: `INSERT INTO experiment_run VALUES ('e', 'b-1', 'recall', 'b-1', 8);
        INSERT INTO run_point VALUES ('e', 'b-1', 'alignment', 'b', 'b-1'),
          ('e', 'b-1', 'seed', '1', 'b-1')`,
    },
  );
  assert.deepEqual([row!.p, row!.pHolm], [2 / 64, 4 / 64]);
  assert.deepEqual([row!.variants, row!.pending, row!.seeds, row!.requestedSeeds], [2, 1, 1, 2]);
});

Deno.test("the minimum detectable effect is at the level that Holm uses for the smallest p", async () => {
  // Of 200 images with one caption each, the variant is ahead in 20 and behind in 20.
  const many = (variant: string, first: (image: number) => boolean): Rank[] =>
    Array.from({ length: 200 }, (_, image) => ({
      variant,
      seed: 1,
      direction: "t2i",
      query: `c${image}`,
      image: `i${image}`,
      rank: first(image) ? 1 : 7,
    }));
  const none = many("none", (image) => image < 20);
  const a = many("a", (image) => image >= 20 && image < 40);
  const b = many("b", (image) => image < 20);
  const [alone] = await compared([...none, ...a]);
  const several = await compared([...none, ...a, ...b]);
  const both = several.find(({ variant, metric }) => variant === "a" && metric === "t2i_r1");
  // z of 1 - 0.05 / 2 / tests and of 0.8, of a standard error near sqrt(40) / 200.
  assert.ok(Math.abs(alone!.detectable / (Math.sqrt(40) / 200) / (1.96 + 0.8416) - 1) < 0.05);
  assert.ok(Math.abs(both!.detectable / alone!.detectable - 3.0830 / 2.8016) < 1e-3);
});

Deno.test("ranks of earlier versions, which do not name their image, form clusters of their own", async () => {
  const bare = (rows: Rank[]) => rows.map((row) => ({ ...row, image: null }));
  const [row] = await compared([
    ...bare(ranksOf("none", 1, () => false)),
    ...bare(ranksOf("a", 1, () => true)),
  ]);
  assert.deepEqual([row!.units, row!.queries], [20, 20]);
});

Deno.test("compareVariants() compares swapped pictures pair by pair, after the ranks", async () => {
  const scores = (run: string, groupRight: (pair: number) => boolean) =>
    Array.from(
      { length: 12 },
      (_, pair) => `('${run}', 'p${pair}', true, ${pair < 3}, ${groupRight(pair)})`,
    ).join(", ");
  const rows = await compared(
    [...ranksOf("none", 1, () => true), ...ranksOf("a", 1, () => true)],
    {
      more: `INSERT INTO pair_score (run, pair, text_right, image_right, group_right) VALUES
        ${scores("none-1", () => false)}, ${scores("a-1", (pair) => pair < 8)};
        INSERT INTO metric VALUES ('none-1', 'pair_group', 'swap', 0), ('a-1', 'pair_group', 'swap', 0)`,
    },
  );
  assert.deepEqual(
    rows.map(({ metric, split, difference, units }) => [metric, split, difference, units]),
    [
      ...["t2i_r1", "t2i_r5", "t2i_r10"].map((metric) => [metric, "test", 0, 10]),
      ["pair_text", "swap", 0, 12],
      ["pair_image", "swap", 0, 12],
      ["pair_group", "swap", 8 / 12, 12],
    ],
  );
  assert.deepEqual([rows[5]!.p, rows[5]!.significant], [2 / 2 ** 8, true]);
});

Deno.test("swapped pairs are also compared by kind, where evaluations have these metrics", async () => {
  const scores = (run: string, right: (pair: number) => boolean) =>
    Array.from(
      { length: 12 },
      (_, pair) =>
        `('${run}', 'p${pair}', '${pair < 8 ? "relation" : "attribute"}', true, true, ${
          right(pair)
        })`,
    )
      .join(", ");
  const names = ["pair_group", "pair_group_relation", "pair_group_attribute"];
  const metrics = ["none-1", "a-1"].flatMap((run) =>
    names.map((name) => `('${run}', '${name}', 'swap', 0)`)
  );
  const rows = await compared(
    [...ranksOf("none", 1, () => true), ...ranksOf("a", 1, () => true)],
    {
      more: `INSERT INTO pair_score (run, pair, kind, text_right, image_right, group_right) VALUES
        ${scores("none-1", () => false)}, ${scores("a-1", (pair) => pair < 6)};
        INSERT INTO metric VALUES ${metrics}`,
    },
  );
  assert.deepEqual(
    rows.filter(({ metric }) => metric.startsWith("pair_group"))
      .map(({ metric, difference, units, p }) => [metric, difference, units, p]),
    [
      ["pair_group", 6 / 12, 12, 2 / 2 ** 6],
      ["pair_group_relation", 6 / 8, 8, 2 / 2 ** 6],
      ["pair_group_attribute", 0, 4, 1],
    ],
  );
});

Deno.test("where nothing differs, the minimum detectable effect is the smallest that these queries can show", async () => {
  // Six of ten images must differ, by one of twenty captions each: 2 / 2^6 <= 0.05.
  const [row] = await compared([
    ...ranksOf("none", 1, () => true),
    ...ranksOf("a", 1, () => true),
  ]);
  assert.deepEqual([row!.difference, row!.p, row!.detectable], [0, 1, 6 / 20]);
  const few = (variant: string) => ranksOf(variant, 1, () => true).slice(0, 8);
  const [none] = await compared([...few("none"), ...few("a")]);
  assert.deepEqual([none!.units, none!.detectable], [4, Infinity]);
});

Deno.test("compareVariants() returns nothing without a baseline or without other variants", async () => {
  assert.deepEqual(await compared(ranksOf("none", 1, () => true)), []);
  assert.deepEqual(
    await compared([...ranksOf("none", 1, () => true), ...ranksOf("a", 1, () => true)], {
      baseline: "",
    }),
    [],
  );
});

Deno.test("the same ranks give the same numbers every time", async () => {
  const ranks = [
    ...ranksOf("none", 1, (caption) => caption % 3 === 0),
    ...ranksOf("a", 1, (caption) => caption % 2 === 0),
  ];
  assert.deepEqual(await compared(ranks), await compared(ranks));
});

Deno.test("with a further axis, each variant is compared with the baseline that has its values", async () => {
  const at = (images: number, ranks: readonly Rank[]) => ranks.map((rank) => ({ ...rank, images }));
  const half = (caption: number) => caption % 2 === 0;
  const found = await compared([
    ...at(100, ranksOf("none", 1, () => false)),
    ...at(100, ranksOf("singular", 1, half)),
    ...at(400, ranksOf("none", 1, () => true)),
    ...at(400, ranksOf("singular", 1, half)),
  ], { cutoffs: [1] });
  assert.deepEqual(
    found.map(({ variant, difference, variants }) => [variant, difference, variants]),
    [
      ["train_images=100, alignment=singular", 0.5, 2],
      ["train_images=400, alignment=singular", -0.5, 2],
    ],
  );
});

Deno.test("a variant whose baseline was not requested is compared with nothing, and counted nowhere", async () => {
  const at = (images: number, ranks: readonly Rank[]) => ranks.map((rank) => ({ ...rank, images }));
  const found = await compared([
    ...at(100, ranksOf("none", 1, () => false)),
    ...at(100, ranksOf("singular", 1, () => true)),
    ...at(400, ranksOf("singular", 1, () => true)),
  ], { cutoffs: [1] });
  assert.deepEqual(
    found.map(({ variant, variants, pending }) => [variant, variants, pending]),
    [["train_images=100, alignment=singular", 1, 0]],
  );
});

Deno.test("a run without the baseline's axis is no baseline", async () => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(schema);
  await connection.run(`
    INSERT INTO experiment VALUES ('e', 'x', 'x.yaml', NULL, now());
    INSERT INTO baseline VALUES ('e', 'alignment', 'none');
    INSERT INTO experiment_run VALUES ('e', 'a', 'tuned', 'a', 0), ('e', 'b', 'tuned', 'b', 1),
      ('e', 'c', 'weights', 'c', 2), ('e', 'd', 'linear', 'd', 3);
    INSERT INTO run_point VALUES ('e', 'a', 'alignment', 'none', 'a'),
      ('e', 'b', 'alignment', 'sparse', 'b'), ('e', 'c', 'seed', '1', 'c')`);
  const requested = await requestedVariants(connection, "e", await variantsOf(connection, "e"));
  assert.deepEqual(
    [...requested.values()].flat().map((
      { stage, variant, baseline },
    ) => [stage, variant, baseline]),
    [
      ["tuned", "none", true],
      ["tuned", "sparse", false],
      ["weights", "", false],
      ["linear", "", false],
    ],
  );
  assert.deepEqual(comparedVariants(requested.get("tuned")!).map(({ variant }) => variant), [
    "sparse",
  ]);
  assert.deepEqual(variantsWithoutBaseline(requested.get("weights")!), []);
  connection.closeSync();
  instance.closeSync();
});
