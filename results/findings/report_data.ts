/** Everything that a report shows, read from the database and the artifacts. Nothing is run. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Answered } from "../database/question.ts";
import type { RequestRecord } from "../database/stored_files.ts";
import { axisCurvesOf, type AxisPoint } from "./axis_curves.ts";
import { choicesOf, type ChosenPoint } from "./choices.ts";
import { changesBetween, type RequestChanges } from "./request_changes.ts";
import { type Cost, costOf } from "./cost.ts";
import { type AttentionPairs, attentionPairs } from "./attention_pairs.ts";
import { type Curves, curvesOf } from "./curves.ts";
import { type DescribedExamples, describedExamples } from "./described_examples.ts";
import { type Relations, relationsOf } from "./relation_points.ts";
import type { Differences } from "./difference_rows.ts";
import { differencesOf } from "./variant_differences.ts";
import { type Circumstance, environmentOf } from "./environment.ts";
import { type Gaps, gapsOf } from "./gaps.ts";
import { type Headline, headlineOf } from "./headline.ts";
import { type Published, publishedOf } from "./published.ts";
import { type LinearBaseline, linearBaselinesOf } from "./linear_baseline.ts";
import { variantsOf } from "./variants.ts";

export interface ReportData {
  readonly experiment: string;
  /** Path of its file as given on the command line. */
  readonly file: string;
  readonly set: readonly string[];
  /** When it was requested: ISO 8601, UTC. */
  readonly requested: string;
  readonly baseline?: string;
  readonly headline: Headline;
  readonly differences: Differences;
  /** What stages `choose` chose; no rows where there are none. */
  readonly choices: Answered<ChosenPoint>;
  /** Whether models reach a linear baseline; empty where there is none. */
  readonly linearBaselines: readonly LinearBaseline[];
  readonly published?: Published;
  readonly gaps: Gaps;
  readonly cost: Cost;
  readonly environment: Answered<Circumstance>;
  readonly curves: Curves;
  /** Along swept numbers; no rows where there are none. */
  readonly axes: Answered<AxisPoint>;
  readonly relations: Relations;
  readonly examples: DescribedExamples;
  readonly attention?: AttentionPairs;
  readonly changes?: RequestChanges;
}

export interface GatherRequest {
  /** The results folder. */
  readonly root: string;
  readonly request: RequestRecord;
  /** Label of a stage that makes features -> folder of its pictures, where they are outside the store. */
  readonly pictures: Readonly<Record<string, string>>;
  /** A request to compare with. */
  readonly against?: RequestRecord;
}

export async function gatherReport(
  connection: DuckDBConnection,
  { root, request, pictures, against }: GatherRequest,
): Promise<ReportData> {
  const { id } = request;
  const place = { root, pictures };
  const variants = await variantsOf(connection, id);
  const { baseline } = variants;
  const published = await publishedOf(connection, id);
  const attention = await attentionPairs(connection, place, { request: id, variants });
  return {
    experiment: request.experiment,
    file: request.file,
    set: request.source?.set ?? [],
    requested: request.requested,
    ...(baseline !== undefined && { baseline }),
    headline: await headlineOf(connection, id, variants),
    differences: await differencesOf(connection, id, variants),
    choices: await choicesOf(connection, id, variants),
    linearBaselines: await linearBaselinesOf(connection, id),
    ...(published !== undefined && { published }),
    gaps: await gapsOf(connection, root, request),
    cost: await costOf(connection, id),
    environment: await environmentOf(connection, id),
    curves: await curvesOf(connection, id, variants),
    axes: await axisCurvesOf(connection, id, variants),
    relations: await relationsOf(connection, id, variants),
    examples: await describedExamples(connection, place, { request: id, variants }),
    ...(attention !== undefined && { attention }),
    ...(against !== undefined && {
      changes: await changesBetween(connection, request, against),
    }),
  };
}
