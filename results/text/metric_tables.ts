/** Groups metrics into tables, and gives tables and columns their order and titles. */
import { recallNames } from "./metrics.ts";
import { metricTitle } from "./number_text.ts";

export interface MetricColumn {
  readonly metric: string;
  readonly title: string;
  /** Shown multiplied by 100. */
  readonly percent: boolean;
}

export interface MetricKind {
  /** Added to the stage and split in the title of the table; empty for the main tables. */
  readonly title: string;
  readonly columns: readonly MetricColumn[];
}

const pairs = ["pair_text", "pair_image", "pair_group"];
const directions = ["i2t", "t2i"] as const;

/**
 * The main tables: recalls at the requested K with their sum, and swapped pairs.
 *
 * @param byKind whether pairs of several kinds of difference are in columns by kind instead of together
 */
export function mainKinds(
  found: ReadonlySet<string>,
  { byKind = false }: { readonly byKind?: boolean } = {},
): MetricKind[] {
  const kinds = [...found].flatMap((name) => /^pair_group_(\w+)$/.exec(name)?.[1] ?? []).sort();
  return kept(found, [
    {
      title: "",
      columns: [...recallNames(found), "rsum"].map((metric) => column(metric, true)),
    },
    {
      title: "",
      columns: byKind && kinds.length > 1
        ? kinds.flatMap((kind) => pairs.map((metric) => column(`${metric}_${kind}`, true)))
        : pairs.map((metric) => column(metric, true)),
    },
  ]);
}

/** Tables of all other metrics of evaluations, by the names in docs/evaluation.md. */
export function furtherKinds(found: ReadonlySet<string>): MetricKind[] {
  const folds = [...found].flatMap((name) => /^(fold\d+)_rsum$/.exec(name)?.[1] ?? []);
  const each = (...names: string[]) =>
    directions.flatMap((direction) => names.map((name) => `${direction}_${name}`));
  const named = (metrics: readonly string[]) => metrics.map((metric) => column(metric));
  return kept(found, [
    {
      title: "ranks",
      columns: named([
        ...each("median_rank", "mean_rank", "mrr", "ndcg"),
        "tied_queries",
      ]),
    },
    ...folds.map((fold) => ({
      title: `mean over ${fold.slice("fold".length)} folds`,
      columns: named([...recallNames(found, `${fold}_`), `${fold}_rsum`]),
    })),
    {
      title: "with further correct answers",
      columns: named([
        ...recallNames(found, "positives_"),
        ...each("r_precision", "map_at_r").map((name) => `positives_${name}`),
      ]),
    },
    ...twoStage(found),
    {
      title: "swapped pairs by kind of difference",
      columns: named(
        [...found].filter((name) => /^pair_(text|image|group)_\w+$/.test(name)).sort(),
      ),
    },
    {
      title: "as computed by the published release",
      columns: named([...recallNames(found, "release_"), "release_tied_queries"]),
    },
  ]);
}

/** Each metric with full scoring, with the shortlist, and their difference. */
function twoStage(found: ReadonlySet<string>): MetricKind[] {
  if (![...found].some((name) => name.startsWith("rerank_"))) return [];
  const compared = [...recallNames(found, "rerank_").map((name) => name.slice(7)), "rsum"];
  return [{
    title: "two-stage ranking: full scoring, shortlist (rerank_), loss (rerank_lost_)",
    columns: [
      ...compared.flatMap((name) => [name, `rerank_${name}`, `rerank_lost_${name}`]),
      ...directions.map((direction) => `rerank_${direction}_found`),
      "rerank_pairs",
    ].map((metric) => column(metric)),
  }];
}

/** What the titles of main columns mean. */
export function columnNotes(columns: readonly MetricColumn[]): string[] {
  const has = (pattern: RegExp) => columns.some(({ metric }) => pattern.test(metric));
  const pairs = new Set(
    columns.flatMap(({ metric, title }) => metric.startsWith("pair_") ? title.split(": ")[0]! : []),
  );
  return [
    ...(has(/^(i2t|t2i)_/) ? ["i→t: image to text, t→i: text to image"] : []),
    ...(has(/^rsum$/) ? ["rsum: sum of the six recalls"] : []),
    ...(has(/^pair_/)
      ? [
        `${
          [...pairs].join(", ")
        }: accuracy on two pictures whose captions swap words (text: both ` +
        "captions chosen correctly, image: both pictures, group: all four)",
      ]
      : []),
  ];
}

/** @param plain whether the title is worded for readers instead of being the name of the metric */
function column(metric: string, plain = false): MetricColumn {
  return { metric, title: plain ? metricTitle(metric) : metric, percent: isPercent(metric) };
}

/** Recalls, their sums, accuracies and fractions are shown in percent, ranks and counts unchanged. */
export function isPercent(metric: string): boolean {
  return /(^|_)(i2t|t2i)_(r\d+|r_precision|map_at_r|found)$|(^|_)rsum$|^rerank_pairs$|^pair_/
    .test(metric);
}

function kept(found: ReadonlySet<string>, kinds: readonly MetricKind[]): MetricKind[] {
  return kinds
    .map(({ title, columns }) => ({
      title,
      columns: columns.filter(({ metric }) => found.has(metric)),
    }))
    .filter(({ columns }) => columns.length > 0);
}
