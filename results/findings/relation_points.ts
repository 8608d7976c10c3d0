/** Does a lower relation distance go with better recall, over models and over single queries? */
import type { DuckDBConnection } from "@duckdb/node-api";
import { leadingRecalls } from "../text/metrics.ts";
import { shownAlignments } from "./attention_layers.ts";
import { rowsOf } from "../database/read_results.ts";
import { type Correlation, correlationsOf, type RelationPoint } from "./model_correlations.ts";
import {
  type QueryCorrelation,
  queryCorrelations,
  type RankedCaption,
} from "./query_correlations.ts";
import { type Answered, ask, literal } from "../database/question.ts";
import type { Variants } from "./variants.ts";

export interface Relations {
  /** The evaluating stage; undefined where nothing was evaluated. */
  readonly stage: string | undefined;
  /** Name of the recall: `mean R@1`, over both directions at the smallest requested K. */
  readonly recalled: string;
  readonly runs: Answered<RelationPoint>;
  /** Over models, by measure, alignment and layer. */
  readonly correlations: readonly Correlation[];
  /** The rows from which `queryCorrelations` are computed. */
  readonly queries: Answered<RankedCaption>;
  readonly queryCorrelations: readonly QueryCorrelation[];
}

/** What the distances are, for the reader of a report. */
export const distancesExplained =
  "ISD (intra-modal self-attention distance) measures how far the self-attention among the words is " +
  "from that among the regions, once an alignment has mapped one onto the other. ISDa is the same " +
  "distance over annotated objects, whose words and regions are known, so it needs no alignment. Both " +
  "are symmetric KL divergences in nats per row; 0 means that the two attentions agree.";

export async function relationsOf(
  connection: DuckDBConnection,
  request: string,
  { sql, ranking }: Variants,
): Promise<Relations> {
  const experiment = literal(request);
  const stage = ranking[0]?.stage;
  const ofStage = stage === undefined ? "" : ` AND s.stage = ${literal(stage)}`;
  const recalls = await recallNames();
  const runs = await ask<RelationPoint>(connection, {
    what: "recall and mean relation distances of each model",
    sql: `${sql}, measured AS (
  SELECT r.run, r.stage, r.position, e.input AS model
  FROM experiment_run AS r JOIN edge AS e ON e.run = r.run AND e.port = 'model'
  WHERE r.experiment = ${experiment}
), recall AS (
  SELECT s.model, m.split, avg(m.value) AS recall
  FROM measured AS s JOIN metric AS m ON m.run = s.run
  WHERE m.name IN (${recalls.map(literal).join(", ")}) AND isfinite(m.value)${ofStage} GROUP BY ALL
)
SELECT coalesce(v.variant, '') AS variant, coalesce(v.seed, '') AS seed, d.split, d.layer,
  d.alignment, any_value(d.isd_text) AS isd_text, any_value(d.isd_image) AS isd_image,
  any_value(d.relative_text) AS relative_text, any_value(d.relative_image) AS relative_image,
  any_value(d.isda) AS isda, any_value(d.entropy_text) AS entropy_text,
  any_value(d.entropy_image) AS entropy_image, any_value(d.entropy_cross) AS entropy_cross,
  any_value(d.pairs)::INTEGER AS pairs, any_value(c.recall) AS recall
FROM measured AS s
JOIN relation_layer AS d ON d.run = s.run
LEFT JOIN recall AS c ON c.model = s.model AND c.split = d.split
LEFT JOIN variant AS v ON v.run = s.run
GROUP BY s.run, v.variant, v.seed, d.split, d.layer, d.alignment
ORDER BY min(s.position), d.split, d.layer, d.alignment`,
  });
  const queries = await rankedCaptions();
  return {
    stage,
    recalled: `mean R@${recalls[0]!.split("_r")[1]}`,
    runs,
    correlations: correlationsOf(runs.rows, { relative: shownAlignments(runs.rows) }),
    queries,
    queryCorrelations: queryCorrelations(queries.rows),
  };

  async function recallNames(): Promise<string[]> {
    const rows = await rowsOf<{ name: string }>(
      connection,
      `SELECT DISTINCT m.name FROM experiment_run AS s JOIN metric AS m ON m.run = s.run
WHERE s.experiment = ${experiment}${ofStage}`,
    );
    const names = leadingRecalls(rows.map(({ name }) => name));
    return names.length > 0 ? names : ["i2t_r1", "t2i_r1"];
  }

  function rankedCaptions(): Promise<Answered<RankedCaption>> {
    return ask<RankedCaption>(connection, {
      what:
        "ISDa of each caption, the number of its annotated objects and the rank of its image, " +
        "in each model and layer",
      sql: `${sql}, measured AS (
  SELECT r.run, r.stage, e.input AS model
  FROM experiment_run AS r JOIN edge AS e ON e.run = r.run AND e.port = 'model'
  WHERE r.experiment = ${experiment}
)
SELECT DISTINCT s.run || ' ' || o.run AS run, coalesce(v.variant, '') AS variant, d.layer, d.text,
  d.image, d.isda, d.objects, q.rank
FROM measured AS s
JOIN relation_distance AS d ON d.run = s.run AND isfinite(d.isda)
JOIN measured AS o ON o.model = s.model${ofStage.replace("s.stage", "o.stage")}
JOIN query_rank AS q ON q.run = o.run AND q.direction = 't2i' AND q.query = d.text
  AND q.split = d.split
LEFT JOIN variant AS v ON v.run = s.run
ORDER BY ALL`,
    });
  }
}
