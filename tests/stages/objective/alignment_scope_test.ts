import assert from "node:assert/strict";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import {
  layersOf,
  modalitiesOf,
  publishedScope,
} from "../../../stages/objective/alignment_scope.ts";

const config = { num_hidden_layers: 3 };

Deno.test("layersOf() counts from 0", () => {
  assert.deepEqual(layersOf("last", config), [2]);
  assert.deepEqual(layersOf("all", config), [0, 1, 2]);
  assert.deepEqual(layersOf(1, config), [1]);
  assert.deepEqual(layersOf([2, 0], config), [2, 0]);
});

Deno.test("layersOf() refuses a layer that the model does not have", () => {
  assert.throws(() => layersOf([0, 3], config), (error: Error) => {
    assert.ok(error instanceof Complaint);
    assert.equal(
      String(error),
      "error: `layers` has layer 3, but the model has only 3 layers\n" +
        "fix: layers are counted from 0: use numbers up to 2, or `last` or `all`",
    );
    return true;
  });
});

Deno.test("modalitiesOf() are both unless one is requested", () => {
  assert.deepEqual(modalitiesOf(publishedScope), ["image", "text"]);
  assert.deepEqual(modalitiesOf({ ...publishedScope, modality: "text" }), ["text"]);
});
