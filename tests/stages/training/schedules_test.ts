import "../../support/tensor_test.ts";
import { alignmentWeight, learningRate } from "../../../stages/training/schedules.ts";
import { goldenJson } from "../../support/goldens.ts";
import { assertClose } from "../../support/tensor_test.ts";

const unitCases = goldenJson("expected.json").unit_cases;

Deno.test("learningRate() is the release's in every update, the first and the last included", () => {
  const recorded = unitCases.lr_schedule;
  const schedule = {
    peak: recorded.learning_rate,
    warmup: recorded.warmup_steps,
    total: recorded.num_train_steps,
  };
  const rates = recorded.lr_at_step_1_to_N.map((_: number, place: number) =>
    learningRate(place + 1, schedule)
  );
  assertClose(rates, recorded.lr_at_step_1_to_N, 1e-12, "rates");
});

for (
  const [schedule, key] of [
    ["exponential", "exp_schedule"],
    ["linear", "linear_schedule"],
    ["logarithmic", "log_schedule"],
  ] as const
) {
  Deno.test(`alignmentWeight() with the ${schedule} schedule is the release's`, () => {
    const recorded: number[] = unitCases.tsa[key];
    const weights = recorded.map((_, done) =>
      alignmentWeight(done, { total: recorded.length, schedule })
    );
    assertClose(weights, recorded, 1e-7, "weights"); // recorded in float32
  });
}
