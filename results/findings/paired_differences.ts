/** What a few seeds allow to say about differences between variants; never that one is significant. */

/** One metric of one run. */
export interface SeedValue {
  readonly metric: string;
  readonly value: number;
  /** Values of the varied parameters other than the seed, in words. */
  readonly variant: string;
  readonly seed: string;
}

/**
 * One line per variant and metric, and a caution. Differences are paired: each seed's value
 * minus the baseline's of the same seed; the spread is the standard deviation (n - 1) of these.
 */
export function differences(
  rows: readonly SeedValue[],
  { baseline, metrics }: { baseline: string; metrics: readonly string[] },
): string[] {
  const variants = [...new Set(rows.map(({ variant }) => variant))]
    .filter((variant) => variant !== baseline);
  const valueOf = new Map(
    rows.map(({ variant, metric, seed, value }) => [`${variant}\n${metric}\n${seed}`, value]),
  );
  const seeds = [...new Set(rows.map(({ seed }) => seed))];
  const widest = Math.max(...variants.map((variant) => variant.length));
  const lines = variants.flatMap((variant) =>
    metrics.flatMap((metric, index) => {
      const paired = seeds.flatMap((seed) => {
        const ours = valueOf.get(`${variant}\n${metric}\n${seed}`);
        const theirs = valueOf.get(`${baseline}\n${metric}\n${seed}`);
        return ours === undefined || theirs === undefined ? [] : [100 * (ours - theirs)];
      });
      const name = (index === 0 ? variant : "").padEnd(widest);
      return paired.length === 0 ? [] : [
        `  ${name}  ${differenceText(metric, paired)}${
          paired.length < seeds.length ? ` (${paired.length} of ${seeds.length} seeds)` : ""
        }`,
      ];
    })
  );
  if (lines.length === 0) return [];
  return [
    `difference from ${baseline} in points, paired by seed:`,
    ...lines,
    seeds.length < 2
      ? "One seed has no spread: a difference may be chance."
      : `${seeds.length} seeds can hint at a difference; they do not prove one.`,
  ];
}

function differenceText(metric: string, paired: readonly number[]): string {
  const name = `${metric.startsWith("i2t") ? "i→t" : "t→i"} R@${metric.split("_r")[1]}`;
  const mean = paired.reduce((sum, one) => sum + one, 0) / paired.length;
  const size = Math.abs(mean).toFixed(1);
  const signed = `${mean < 0 && Number(size) > 0 ? "−" : "+"}${size}`;
  if (paired.length < 2) return `${name} ${signed}`;
  const squares = paired.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  const spread = Math.sqrt(squares / (paired.length - 1));
  const verdict = Math.abs(mean) > spread ? "beyond its spread" : "within its spread";
  return `${name} ${`${signed} ±${spread.toFixed(1)}`.padEnd(12)} ${verdict}`;
}
