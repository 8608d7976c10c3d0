import * as v from "valibot";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import {
  defineStage,
  type Examination,
  type ExaminationContext,
} from "../../../pipeline/contract/stage.ts";

/** A training loop in small: a state that each step changes, checkpoints, rows. */
export const toyTrain = defineStage({
  name: "toy_train",
  summary: "a resumable loop over numbers",
  parameters: v.strictObject({
    steps: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 20),
    alignment: v.optional(v.picklist(["none", "singular", "distributed"]), "none"),
    seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
    /** Steps between two checkpoints. */
    checkpoint: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 5),
    /** Milliseconds that a step takes at least. */
    pause: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
    /** A map, for what is told of its entries. */
    tasks: v.optional(v.strictObject({
      masked_words: v.optional(v.number()),
      matching: v.optional(
        v.strictObject({ every: v.optional(v.pipe(v.number(), v.multipleOf(4))) }),
      ),
    })),
  }),
  inputs: { numbers: { kinds: ["numbers"], summary: "numbers to train on" } },
  output: "model",
  compute: true,
  memoryUse: { parameters: ["steps"] },
  resumable: true,
  async run({ parameters, inputs, folder, resumeFolder, record, progress, signal }) {
    const { steps, alignment, seed, checkpoint, pause } = parameters;
    const text = await Deno.readTextFile(`${inputs["numbers"]!.folder}/numbers.txt`);
    const numbers = text.trim().split("\n").map(Number);
    const stream = randomStream(seed).fork(alignment);
    const file = `${resumeFolder}/state.json`;
    let [step, state] = await Deno.readTextFile(file).then(JSON.parse, () => [0, 0]);
    if (step > 0) progress.say(`goes on after step ${step}`);
    record.retain("training_step", (row) => (row["step"] as number) <= step);
    record.retain("training_speed", (row) => (row["step"] as number) <= step);
    while (step < steps) {
      signal.throwIfAborted();
      step++;
      const number = numbers[stream.integer(2 * step, numbers.length)]!;
      state = (state * 31 + number + stream.integer(2 * step + 1, 1000)) % 1000003;
      record.row("training_step", { step, phase: "fine_tune", loss: state / 1000003 });
      record.measurement("training_speed", { step, seconds: performance.now() / 1000 });
      progress.report(step, steps, "steps", `state ${state}`);
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (step % checkpoint !== 0) continue;
      await Deno.writeTextFile(`${file}.part`, JSON.stringify([step, state]));
      await Deno.rename(`${file}.part`, file);
    }
    await Deno.writeTextFile(`${folder}/model.json`, JSON.stringify({ state }));
  },
});

export function examineToyTrain(
  { parameters, inputs }: ExaminationContext<{ steps: number }>,
): Promise<Examination> {
  const { count } = inputs["numbers"] as { count: number };
  return Promise.resolve({
    findings: [{ verdict: "ok" as const, what: `${parameters.steps} steps on ${count} numbers` }],
    seconds: parameters.steps * count,
    memory: 1e6,
  });
}
