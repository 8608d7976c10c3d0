import fc from "fast-check";
import assert from "node:assert/strict";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { decodeText, readText } from "../../../pipeline/contract/text_file.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const bytesOf = (text: string) => [...new TextEncoder().encode(text)];
const decode = (bytes: readonly number[]) => decodeText(Uint8Array.from(bytes), { file: "x.txt" });

function refusal(bytes: readonly number[]): string {
  try {
    return `read: ${decode(bytes)}`;
  } catch (error) {
    if (error instanceof Complaint) return String(error);
    throw error;
  }
}

Deno.test("text is UTF-8 with or without a byte-order mark, with any line ends, also mixed ones", () => {
  const lines = ["", "a", "Größe 犬 🐕", "\u2028\u0085", "no end"];
  for (const end of ["\n", "\r\n", "\r"]) {
    for (const mark of ["", "\ufeff"]) {
      assert.equal(decode(bytesOf(mark + lines.join(end))), lines.join("\n"));
    }
  }
  assert.equal(decode(bytesOf("a\r\n\nb\rc\n\rd\r\n")), "a\n\nb\nc\n\nd\n");
  // Only the first mark is one; letters are as they are written.
  assert.equal(decode(bytesOf("\ufeff\ufeffa\ufffd")), "\ufeffa\ufffd");
});

Deno.test("what is no text is refused with the first line that is none", () => {
  const notUtf8 = (line: number) =>
    `error: the file is not UTF-8\n  --> x.txt:${line}\nfix: save it as UTF-8`;
  for (const end of ["\n", "\r\n", "\r"]) {
    const latin1 = [...bytesOf(`é${end}b${end}Gr`), 0xf6, 0xdf, ...bytesOf(`e${end}c${end}`), 0xff];
    assert.equal(refusal(latin1), notUtf8(3));
  }
  assert.equal(refusal([...bytesOf("a\n犬"), 0xe7, 0x8a]), notUtf8(2), "a character is cut off");
  assert.equal(refusal([0xff]), notUtf8(1));
  assert.equal(
    refusal(bytesOf("a\nb\0c\n")),
    "error: the file is not text: it has a zero byte\n  --> x.txt:2\nfix: save it as UTF-8",
  );
  for (const order of [[0xff, 0xfe, 0x61, 0], [0xfe, 0xff, 0, 0x61]]) {
    assert.equal(
      refusal(order),
      "error: the file is UTF-16; expected UTF-8\n  --> x.txt\nfix: save it as UTF-8",
    );
  }
});

Deno.test("any bytes are the text that they encode, or are refused with a line of the file", () => {
  const bytes = fc.array(fc.constantFrom(0x61, 0x0a, 0x0d, 0xc3, 0xa9, 0xef, 0xbb, 0xbf, 0xe7), {
    maxLength: 12,
  });
  fc.assert(fc.property(bytes, (bytes) => {
    const written = String.fromCharCode(...bytes).replaceAll(/\r\n?/g, "\n");
    try {
      const text = decode(bytes);
      assert.ok(!text.includes("\r"));
      const marked = written.startsWith("\xef\xbb\xbf");
      assert.equal(String.fromCharCode(...bytesOf(marked ? `\ufeff${text}` : text)), written);
    } catch (error) {
      assert.ok(error instanceof Complaint, String(error));
      const { line } = error.options.place!;
      assert.ok(line! >= 1 && line! <= written.split("\n").length);
    }
  }));
});

Deno.test("readText() names a file that cannot be read", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/a`, "\ufeffa\r\n");
  assert.equal(readText(`${folder.path}/a`), "a\n");
  for (const path of [`${folder.path}/absent`, folder.path]) {
    assert.throws(
      () => readText(path),
      (error) =>
        error instanceof Complaint && error.exitCode === 1 &&
        error.options.place!.file === path && error.what.startsWith("the file cannot be read: "),
    );
  }
});
