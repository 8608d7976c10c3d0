/**
 * A results folder as runs leave it, with made-up numbers: scenes -> features -> weights -> tuned by
 * alignment and seed -> recall and relations, requested twice with different `steps`. Commands build
 * the database from it when they need it.
 */
import { listRequests, type RequestRecord } from "../../results/database/stored_files.ts";
import {
  type MadeRun,
  makeFolders,
  numbers,
  type Recipe,
  runMaker,
  sha256,
  write,
} from "./made_runs.ts";

export const storedExperiment = "scenes_iais";

/** The requests of a results folder, latest last. */
export function storedRequests(root: string): RequestRecord[] {
  return listRequests(root).sort((a, b) => a.requested < b.requested ? -1 : 1);
}

/** Fills an empty folder. */
export function storeResults(root: string): void {
  makeFolders(root);
  const make = runMaker(root, {
    experiment: storedExperiment,
    compute: (kind) =>
      kind === "fine_tune" ? { device: "cpu", library: "2.21.0", threads: "2" } : null,
    versions: { processor: "Abacus 1", memory: "1.0 GiB" },
    secondsOf: (parameters) => 0.5 + Number(parameters["steps"] ?? 0),
  });
  const scenes = make({
    stage: "scenes",
    kind: "make_scenes",
    output: "scenes",
    parameters: { images: 12, seed: 42 },
    inputs: {},
  });
  const features = make({
    stage: "features",
    kind: "extract_features",
    output: "features",
    parameters: { regions: "objects" },
    inputs: { from: scenes },
    rows: {
      region_coverage: [{ image: "test_0", split: "test", objects: 4, covered: 3 }],
    },
  });
  const weights = make({
    stage: "weights",
    kind: "pretrain",
    output: "model",
    parameters: { steps: 5, seed: 42 },
    inputs: { features },
    rows: {
      training_step: numbers(5).map((step) => ({ step, phase: "pretrain", loss: 7 - step / 5 })),
    },
  });
  for (const [request, steps] of [20, 40].entries()) {
    const nodes = [scenes, features, weights];
    for (const [variant, alignment] of ["none", "singular", "distributed", "sparse"].entries()) {
      for (const seed of [1, 2, 3]) {
        nodes.push(...variantRuns({ make, features, weights, steps, alignment, variant, seed }));
      }
    }
    storeRequest(root, nodes, request, steps);
  }
}

/** One training with its measurements. */
function variantRuns({ make, features, weights, steps, alignment, variant, seed }: {
  make: (recipe: Recipe) => MadeRun;
  features: MadeRun;
  weights: MadeRun;
  steps: number;
  alignment: string;
  variant: number;
  seed: number;
}): MadeRun[] {
  const point = { alignment, seed };
  const tuned = make({
    stage: "tuned",
    kind: "fine_tune",
    output: "model",
    parameters: { steps, alignment, seed },
    inputs: { features, weights },
    point,
    rows: {
      training_step: numbers(steps).map((step) => ({
        step,
        phase: "fine_tune",
        loss: 0.4 / step + variant / 100,
        rank_loss: 0.4 / step,
        alignment_loss: variant === 0 ? null : 0.1 / step,
        lr: 0.001,
        grad_norm: step === 1 ? "Infinity" : 1,
      })),
      validation: [{ step: steps, i2t_r1: 0.1, t2i_r1: 0.1 + variant / 100, rsum: 2 }],
    },
    measurements: {
      training_speed: numbers(steps).map((step) => ({ step, seconds: 0.5, pairs_per_second: 64 })),
    },
  });
  const recall = make({
    stage: "recall",
    kind: "evaluate",
    output: "recall",
    parameters: { split: "test" },
    inputs: { model: tuned, features },
    point,
    rows: {
      metric: ["i2t", "t2i"].flatMap((direction) =>
        [1, 5, 10].map((k) => ({
          name: `${direction}_r${k}`,
          split: "test",
          value: (10 + k * 4 + variant + (seed * (variant + 1)) % 3) / 100,
        }))
      ),
      query_rank: ["i2t", "t2i"].flatMap((direction) =>
        numbers(6).map((query) => ({
          direction,
          query: `${direction}_${query}`,
          split: "test",
          rank: 1 + (query + variant + (query > 4 ? seed : 0)) % 4,
          ties: 0,
          top_ids: "[]",
          top_scores: "[]",
        }))
      ),
      pair_score: [
        { pair: "swap_1", kind: "relation", s00: 1, s01: 0.5, s10: 0.25, s11: 1, text_right: true },
      ],
    },
    measurements: { scoring_speed: [{ pairs: 720, seconds: 1.5 }] },
  });
  const relations = make({
    stage: "relations",
    kind: "analyse_attention",
    output: "relations",
    parameters: { split: "test" },
    inputs: { model: tuned, features },
    point,
    rows: {
      relation_distance: numbers(4).map((text) => ({
        split: "test",
        text: `text_${text}`,
        image: "test_0",
        layer: 0,
        alignment: text % 2 === 0 ? "singular" : "distributed",
        isd_text: text / 10 + variant / 20 + seed / 100,
        isd_image: text / 12,
        isda: null,
        objects: 2,
      })),
    },
  });
  return [tuned, recall, relations];
}

/** The second request comes after the runs that both need. */
function storeRequest(
  root: string,
  nodes: readonly MadeRun[],
  request: number,
  steps: number,
): void {
  const id = sha256(`request ${request}`);
  const record = {
    id,
    experiment: storedExperiment,
    file: "experiments/scenes_iais.yaml",
    baseline: { alignment: "none" },
    nodes,
    requested: new Date(Date.UTC(2026, 0, 1, 0, 0, request === 0 ? 0 : 49)).toISOString(),
    source: {
      text: `name: ${storedExperiment}\nseed: 42\nstages: {} # made up\n`,
      set: request === 0 ? [] : [`tuned.steps=${steps}`],
    },
  };
  write(`${root}/state/requested/${id}.json`, `${JSON.stringify(record)}\n`);
}
