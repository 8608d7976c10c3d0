import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { readUtf8 } from "../../../../stages/data/formats/foreign_file.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";

async function read(bytes: readonly number[]): Promise<string | [string, number | undefined]> {
  using folder = temporaryFolder();
  const file = `${folder.path}/text`;
  Deno.writeFileSync(file, Uint8Array.from(bytes));
  try {
    return await readUtf8(file);
  } catch (error) {
    if (error instanceof Complaint) return [error.what, error.options.place?.line];
    throw error;
  }
}

const bytesOf = (text: string) => [...new TextEncoder().encode(text)];

Deno.test("readUtf8() returns UTF-8 unchanged, whatever its letters and line ends", async () => {
  for (const text of ["", "a\r\nb\n", "Größe 犬 🐕\n", "no end"]) {
    assert.equal(await read(bytesOf(text)), text);
  }
});

Deno.test("readUtf8() reports the first line that is not UTF-8", async () => {
  const latin1 = [...bytesOf("a\nb\nGr"), 0xf6, 0xdf, ...bytesOf("e\nc\n")];
  assert.deepEqual(await read(latin1), ["the file is not UTF-8", 3]);
  assert.deepEqual(await read([...bytesOf("a\n"), 0xe7, 0x8a]), ["the file is not UTF-8", 2]);
  for (const order of [[0xff, 0xfe, 0x61, 0], [0xfe, 0xff, 0, 0x61]]) {
    assert.deepEqual(await read(order), ["the file is UTF-16; expected UTF-8", undefined]);
  }
});
