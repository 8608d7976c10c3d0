import assert from "node:assert/strict";
import { crc32c, eventFile } from "../../../results/tensorboard/event_file.ts";

Deno.test("crc32c() gives the check values of RFC 3720, appendix B.4", () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

/** Written by TensorBoard 2.21.0 for the same scalars. */
const golden = [
  "1800000000000000a37f4b220900000040fc54d9411a0d627261696e2e4576656e743a32eced8f9d20000000",
  "0000000029eda9500900001040fc54d94110012a130a110a0a747261696e2f6c6f7373150000003fba0d8558",
  "2300000000000000b09f77430900004040fc54d94110ac022a150a130a0c6d65747269632f74c3a973741500",
  "0010c0433aba87",
].join("");

Deno.test("an event file equals the one that TensorBoard writes, byte by byte", () => {
  const bytes = eventFile([
    { tag: "train/loss", step: 1, value: 0.5, time: 1700000000.25 },
    { tag: "metric/tést", step: 300, value: -2.25, time: 1700000001 },
  ], { time: 1700000000 });
  assert.equal(bytes.toHex(), golden);
});
