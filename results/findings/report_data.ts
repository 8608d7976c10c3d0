/** All that a report tells, gathered from the database and the artifacts. Nothing is run. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Answered } from "../database/question.ts";
import type { RequestRecord } from "../database/stored_files.ts";
import { type Against, againstOf } from "./request_changes.ts";
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
import { type Yardstick, yardsticksOf } from "./yardstick.ts";
import { variantsOf } from "./variants.ts";

export interface ReportData {
  readonly experiment: string;
  /** Path of its file as it was given. */
  readonly file: string;
  readonly set: readonly string[];
  /** ISO 8601, UTC. */
  readonly asked: string;
  readonly baseline?: string;
  readonly headline: Headline;
  readonly differences: Differences;
  /** Whether models reach a linear yardstick; empty where there is none. */
  readonly yardsticks: readonly Yardstick[];
  readonly published?: Published;
  readonly gaps: Gaps;
  readonly cost: Cost;
  readonly environment: Answered<Circumstance>;
  readonly curves: Curves;
  readonly relations: Relations;
  readonly examples: DescribedExamples;
  readonly attention?: AttentionPairs;
  readonly against?: Against;
}

export interface GatherRequest {
  /** The results folder. */
  readonly root: string;
  readonly asked: RequestRecord;
  /** Label of a stage that makes features -> folder of its pictures, where these lie outside. */
  readonly pictures: Readonly<Record<string, string>>;
  readonly against?: RequestRecord;
}

export async function gatherReport(
  connection: DuckDBConnection,
  { root, asked, pictures, against }: GatherRequest,
): Promise<ReportData> {
  const { id } = asked;
  const place = { root, pictures };
  const variants = await variantsOf(connection, id);
  const { baseline } = variants;
  const published = await publishedOf(connection, id);
  const attention = await attentionPairs(connection, place, { asking: id, variants });
  return {
    experiment: asked.experiment,
    file: asked.file,
    set: asked.source?.set ?? [],
    asked: asked.asked,
    ...(baseline !== undefined && { baseline }),
    headline: await headlineOf(connection, id, variants),
    differences: await differencesOf(connection, id, variants),
    yardsticks: await yardsticksOf(connection, id),
    ...(published !== undefined && { published }),
    gaps: await gapsOf(connection, root, asked),
    cost: await costOf(connection, id),
    environment: await environmentOf(connection, id),
    curves: await curvesOf(connection, id, variants),
    relations: await relationsOf(connection, id, variants),
    examples: await describedExamples(connection, place, { asking: id, variants }),
    ...(attention !== undefined && { attention }),
    ...(against !== undefined && { against: await againstOf(connection, asked, against) }),
  };
}
