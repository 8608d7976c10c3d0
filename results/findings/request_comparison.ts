/** Two requests compared query by query: how the hits changed, with interval and p-value. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "../database/question.ts";
import type { RequestRecord } from "../database/stored_files.ts";
import { compareGroup, type Comparison } from "./comparison.ts";
import { bootstrapDraws } from "./uncertainty.ts";
import { variantOf } from "../text/seed_axes.ts";
import { type ClusterRow, hits, inTableOrder } from "./hits.ts";

interface HitChange {
  readonly stage: string;
  readonly label: string;
  readonly split: string | null;
  readonly metric: string;
  readonly direction: string;
  readonly unit: string;
  readonly family: boolean;
  readonly queries: number;
  /** Hits of the later request minus hits of the earlier one. */
  readonly ahead: number;
}

export interface RequestComparison {
  /** `variant` is `variantKey` of its point, `difference` the later request minus the earlier one. */
  readonly compared: readonly Comparison[];
  readonly question: Answered<HitChange>;
}

/** A point without its seeds, as a string to compare. */
export function variantKey(point: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(variantOf(point));
}

/**
 * Compares runs with the same label on the queries that both ranked. Variants whose runs are all
 * unchanged are left out, and Holm's correction does not count them.
 */
export async function compareRequests(
  connection: DuckDBConnection,
  { before, now }: { readonly before: RequestRecord; readonly now: RequestRecord },
): Promise<RequestComparison> {
  const question = await ask<HitChange>(connection, {
    what: "change in hits per image and per pair, which is resampled and tested",
    sql: `WITH hit AS (
  ${
      hits({
        columns: "r.experiment, r.label",
        where: `r.experiment IN (${literal(before.id)}, ${literal(now.id)})`,
      })
    }
)
SELECT b.stage, b.label, b.split, b.metric, b.direction, b.unit, b.family,
  count(*)::INTEGER AS queries,
  sum(b.hit - a.hit)::INTEGER AS ahead
FROM hit AS b
JOIN hit AS a ON a.stage = b.stage AND a.label = b.label AND a.split IS NOT DISTINCT FROM b.split
  AND a.metric = b.metric AND a.direction = b.direction AND a.query = b.query
WHERE a.experiment = ${literal(before.id)} AND b.experiment = ${literal(now.id)}
GROUP BY b.stage, b.label, b.split, b.metric, b.direction, b.unit, b.family
ORDER BY min(b.position), b.direction = 'pair', b.split, ${
      inTableOrder("b.metric")
    }, b.direction, b.label, b.unit`,
  });
  const variants = new Map(now.nodes.map(({ label, point }) => [label, variantKey(point)]));
  const keys = new Map(before.nodes.map(({ label, key }) => [label, key]));
  const changed = new Set(
    now.nodes.filter(({ label, key }) => keys.get(label) !== key)
      .map(({ stage, point }) => `${stage} ${variantKey(point)}`),
  );
  const rows = question.rows.map((row) => ({ ...row, variant: variants.get(row.label)! }))
    .filter(({ stage, variant }) => changed.has(`${stage} ${variant}`));
  const draws = bootstrapDraws();
  const groups = Map.groupBy(
    rows,
    ({ stage, split, metric }) => JSON.stringify([stage, split, metric]),
  );
  const compared = [...groups.values()].flatMap((group) => {
    const byVariant = [...Map.groupBy(group, ({ variant }) => variant).values()];
    const clusters = byVariant.flatMap(bySeed);
    return compareGroup(clusters, {
      baseline: "",
      draws,
      tests: byVariant.length,
      requestedSeeds: 0,
    });
  });
  return { compared, question };
}

/** The rows of a variant by unit; a run and the one with the same label are a seed. */
function bySeed(
  rows: readonly (HitChange & { readonly variant: string })[],
): ClusterRow[] {
  const byUnit = Map.groupBy(rows, ({ direction, unit }) => `${direction} ${unit}`);
  return [...byUnit.values()].map((own) => {
    const { stage, split, metric, direction, variant, unit, family } = own[0]!;
    return {
      stage,
      split,
      metric,
      direction,
      unit,
      family,
      variant,
      queries: Math.max(...own.map(({ queries }) => queries)),
      seeds: own.map(({ label }) => label),
      pairs: own.map(({ queries }) => queries),
      ahead: own.map(({ ahead }) => ahead),
    };
  });
}
