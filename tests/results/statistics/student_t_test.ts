/** Numbers of SciPy 1.17.1: 2 * scipy.stats.t.sf(t, freedom), and scipy.stats.t.isf(tail / 2, freedom). */
import assert from "node:assert/strict";
import { studentBound, studentTail } from "../../../results/statistics/student_t.ts";

/** Degrees of freedom -> tails at 0.1, 1, 2.5, 6 and 40; bounds of 0.5, 0.05, 0.0125 and 1e-6. */
// deno-fmt-ignore
const cases: readonly [number, readonly number[], readonly number[]][] = [
  [1, [0.936548965138893, 0.5, 0.24223788318168682, 0.10513691342250688, 0.015912179824051624],
    [1, 12.706204736174705, 50.923036636485534, 636619.7723670577]],
  [1.7, [0.9308579785597196, 0.43810287230064204, 0.15118177438904112, 0.038568411374498526, 0.0015767306157270149],
    [0.8456138715377957, 5.118838988253059, 11.786547849054193, 3042.720549779483]],
  [2, [0.9294654384141402, 0.4226497308103742, 0.12961172022151082, 0.02667147321542477, 0.0006244146721847406],
    [0.8164965809277261, 4.302652729749464, 8.8602000346543, 999.9992499998438]],
  [30, [0.9210096117902712, 0.3253086154260302, 0.01811564906806669, 1.3942768767204764e-06, 1.3726045194406417e-27],
    [0.6827556933213292, 2.042272456301238, 2.6573552554061073, 6.119075620384216]],
  [499.5, [0.9203844476489279, 0.3177946912015725, 0.012738896606176667, 3.792809224685857e-09, 7.447001793191565e-158],
    [0.674981229763699, 1.9647246094345896, 2.506785480216963, 4.953338039677219]],
  [1e6, [0.9203443454920432, 0.3173107498335783, 0.012419489502163254, 1.97384981235443e-09, 0],
    [0.6744899955310875, 1.9599663568141072, 2.4977099943507595, 4.891668960710385]],
];

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) <= 1e-8 * expected, `${found} is not ${expected}`);

Deno.test("studentTail() and studentBound() agree with SciPy", () => {
  for (const [freedom, tails, bounds] of cases) {
    [0.1, 1, 2.5, 6, 40].forEach((t, place) => near(studentTail(t, freedom), tails[place]!));
    [0.5, 0.05, 0.0125, 1e-6].forEach((tail, place) =>
      near(studentBound(tail, freedom), bounds[place]!)
    );
  }
});

Deno.test("the tail is 1 at 0 and 0 at infinity", () => {
  assert.deepEqual([studentTail(0, 3), studentTail(Infinity, 3)], [1, 0]);
});
