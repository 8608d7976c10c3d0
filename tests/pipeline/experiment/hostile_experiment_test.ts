/** Hostile experiment files: each gives one error, or is read as YAML 1.2 requires. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Complaint, ComplaintList } from "../../../pipeline/contract/complaint.ts";
import { type KeyedNode, keyNodes } from "../../../pipeline/key/key.ts";
import { readExperimentFile } from "../../../pipeline/experiment/read_request.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { errorText, toyGraph } from "../../support/toy_graph.ts";
import { toyStages } from "../../support/toy_main.ts";
import { tries } from "../../support/long_test.ts";

const head = "name: x\nseed: 1\nstages:\n";
const good = `${head}  a: { use: toy_numbers }\n`;
const code = new Map(toyStages.catalogue.map(({ name }) => [name, "code"]));
const keyed = (text: string): KeyedNode[] => keyNodes(toyGraph(text), { code, compute: {} });
const error = (text: string) => errorText(() => keyed(text));
const count = (value: string) => `${head}  a: { use: toy_numbers, count: ${value} }\n`;

Deno.test("aliases that expand beyond a machine's memory are rejected, not expanded", () => {
  const names = [..."abcdefghi"];
  const bomb = names.map((name, index) =>
    `${name}: &${name} [${Array(9).fill(index === 0 ? "x" : `*${names[index - 1]}`)}]`
  );
  assert.match(error(bomb.join("\n")), /^error: with aliases expanded, this contains more than/);
  const chain = Array.from({ length: 500 }, (_, i) => `x${i}: &x${i} [${i ? `*x${i - 1}` : 1}]`);
  assert.match(
    error(chain.join("\n")),
    /^error: .* is nested deeper than 64 levels\n {2}--> \S+:65:/,
  );
});

Deno.test("parsing stops at the 65th level of nesting, in every notation", () => {
  const levels = 100_000;
  const indented = Array.from({ length: 200 }, (_, level) => `${" ".repeat(level)}a:\n`).join("");
  for (const text of ["[".repeat(levels), "{a: ".repeat(levels), "- ".repeat(levels), indented]) {
    assert.match(error(text), /^error: the experiment file is nested deeper than 64 levels\n/);
  }
  assert.equal(keyed(`${good}# ${"[".repeat(levels)}\n`).length, 1);
});

Deno.test("a huge file is not read, and parsing stops after too many words", () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/huge.yaml`;
  Deno.writeTextFileSync(file, "");
  Deno.truncateSync(file, 2 ** 40);
  const read = () => readExperimentFile(file, { environment: () => undefined, comparisons: [] });
  assert.match(errorText(read), /^error: the experiment file is larger than 2 MiB\n/);
  assert.match(
    error(`a: [${"a,".repeat(900_000)}]`),
    /^error: .* more than 400000 words and symbols\n/,
  );
  assert.match(error("\n".repeat(2 ** 21 - 9) + "a: 1"), /^error: .* more than 400000 words and/);
});

Deno.test("errors clip a huge word", () => {
  const huge = "x".repeat(1_000_000);
  for (
    const text of [
      count(huge),
      `${head}  a: { use: ${huge} }\n`,
      `${head}  a: { use: toy_train, numbers: ${huge} }\n`,
      `${head}  ${huge}: { use: toy_numbers }\n`,
      `name: ${huge}\nstages: { a: { use: toy_numbers } }\n`,
      `${good}report: { baseline: { a: ${huge} }, compare: ${huge} }\n`,
      count(`*${huge}`),
      count(`!${huge} 3`),
      count(`"\${${huge}}"`),
    ]
  ) {
    assert.ok(error(text).length < 1000, error(text).slice(0, 2000));
  }
});

Deno.test("of an error in every line, twenty are reported", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => index);
  for (
    const [line, most] of [
      [(index: number) => `  s${index}: { use: toy_numbrs }\n`, 20],
      [(index: number) => `  s${index}: { use: toy_train, numbers: t${index} }\n`, 20],
      [(index: number) => `  ${index}: { use: toy_numbers }\n`, 20],
      [() => "  s: { use: toy_numbers }\n", 20],
      [(index: number) => `  s${index}: { use: toy_numbers, count: x }\n`, 20],
    ] as const
  ) {
    const text = error(head + many.map(line).join(""));
    assert.equal(text.split("error: ").length - 1, most);
    assert.match(text, /\n\nThere are more errors\.$/);
  }
});

Deno.test("keys that are not plain texts, duplicate keys and merge keys are rejected", () => {
  assert.match(
    error(`${head}  [a, b]: { use: toy_numbers }\n`),
    /^error: this key is not a plain text\n/,
  );
  assert.match(
    error(`${head}  ? { a: b }\n  : { use: toy_numbers }\n`),
    /this key is not a plain text/,
  );
  assert.match(
    error(`${head}  1: { use: toy_numbers }\n`),
    /^error: "1" is not a valid name for a stage\n/,
  );
  assert.match(
    error(`${head}  ~: { use: toy_numbers }\n`),
    /^error: "~" is not a valid name for a stage\n/,
  );
  assert.match(
    error(good + "name: y\n"),
    /^error: duplicate key\n {2}--> toy\.yaml:5:1/,
  );
  assert.match(
    error(`${head}  a: &a { use: toy_numbers }\n  b: { <<: *a, count: 3 }\n`),
    /^error: YAML 1\.2 has no merge key `<<`\n {2}--> toy\.yaml:5:8\n/,
  );
});

Deno.test("names of built-in object properties are ordinary names", () => {
  assert.match(error(`${good}__proto__: { polluted: 1 }\n`), /has no key `__proto__`/);
  assert.match(
    error(`${head}  a: { use: toy_numbers, __proto__: { count: 3 }, toString: 1 }\n`),
    /no parameter `__proto__`\n[^]*no parameter `toString`\n/,
  );
  assert.match(
    error(`${head}  a: { use: __proto__ }\n`),
    /uses `__proto__`, which is not a known stage/,
  );
  assert.match(error(`${head}  a: { use: toy_train, numbers: constructor }\n`), /no stage writes/);
  assert.match(
    error(`${head}  a: { use: toy_numbers, matrix: { __proto__: [1] } }\n`),
    /no parameter `__proto__` to vary/,
  );
  assert.match(
    error(`${good}report: { baseline: { a: { toString: 1 } }, compare: { toString: 1 } }\n`),
    /no published results named \{"toString":1\}/,
  );
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});

Deno.test("numbers that are not finite or not exact are rejected", () => {
  for (const value of [".nan", ".inf", "-.inf", "1e999"]) {
    assert.match(error(count(value)), /is not a finite number\n/);
  }
  for (const value of ["9007199254740993", "0x3fffffffffffffff", "1".repeat(400)]) {
    assert.match(error(count(value)), /has too many digits|is not a finite number/);
  }
  assert.equal(keyed(count("0o17"))[0]!.parameters["count"], 15);
  assert.equal(keyed(count("1e3"))[0]!.parameters["count"], 1000);
});

Deno.test("tags for anything but plain values are rejected", () => {
  for (
    const tag of [
      "!!binary aGk=",
      '!!js/function "x"',
      "!own 3",
      "!!set {a}",
      "!!timestamp 2001-01-01",
    ]
  ) {
    assert.match(
      error(count(tag)),
      /^error: the tag `!.*` is not supported\n {2}--> toy\.yaml:4:/,
    );
  }
  assert.match(error(`%YAML 1.1\n---\n${count("2001-01-01")}`), /is "2001-01-01"\n/);
  assert.equal(keyed(count("!!int 3"))[0]!.parameters["count"], 3);
});

Deno.test("a text with a lone surrogate cannot be part of a key and is rejected", () => {
  assert.match(error(count('"\\ud800"')), /^error: this text contains half a character/);
});

Deno.test("byte order marks and carriage returns are ignored", () => {
  assert.equal(keyed(`\ufeff${good}`).length, 1);
  assert.equal(keyed(good.replaceAll("\n", "\r\n")).length, 1);
});

Deno.test("bytes that are not UTF-8 are rejected", () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  const utf16 = [...`\ufeff${good}`].flatMap((
    each,
  ) => [each.charCodeAt(0) & 255, each.charCodeAt(0) >> 8]);
  const refused = [
    { bytes: utf16, what: "the file is UTF-16; expected UTF-8", line: "" },
    { bytes: [0x61, 0x0a, 0xe4], what: "the file is not UTF-8", line: ":2" },
    { bytes: [0x61, 0xed, 0xa0, 0x80], what: "the file is not UTF-8", line: ":1" },
    { bytes: [0x61, 0], what: "the file is not text: it has a zero byte", line: ":1" },
  ];
  for (const { bytes, what, line } of refused) {
    Deno.writeFileSync(file, new Uint8Array(bytes));
    const read = () => readExperimentFile(file, { environment: () => undefined, comparisons: [] });
    assert.equal(errorText(read), `error: ${what}\n  --> ${file}${line}\nfix: save it as UTF-8`);
  }
});

Deno.test("variables are looked up once each, and their total text is limited", () => {
  let lookups = 0;
  const environment = () => {
    lookups++;
    return "[".repeat(100_000);
  };
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  const read = (value: string) => {
    lookups = 0;
    Deno.writeTextFileSync(file, count(`"${value}"`));
    return () => readExperimentFile(file, { environment, comparisons: [] });
  };
  assert.match(
    errorText(read("${BIG}".repeat(100_000))),
    /variables expand to more than 1 MiB of text\n/,
  );
  assert.ok(lookups <= 11);
  assert.match(
    errorText(read("${A:-".repeat(100_000))),
    /^error: `\$\{` does not start a valid variable\n/,
  );
  assert.match(errorText(read("${A:-${B}}")), /^error: `\$\{` does not start a valid variable\n/);
  read("${BIG}")();
  assert.equal(lookups, 1);
});

const texts = [
  `${head}  n: { use: toy_numbers, count: 3 }\n` +
  "  t:\n    use: toy_train\n    numbers: n\n" +
  "    matrix:\n      alignment: [none, singular]\n      seed: { from: 1, to: 3 }\n" +
  "      exclude: [{ alignment: none, seed: 3 }]\n      include:\n        - { alignment: singular, steps: 7 }\n" +
  "  r: { use: toy_evaluate, model: t, numbers: n, split: test }\n" +
  "report: { baseline: { alignment: none } }\n",
  `# a comment\n${head}  a: &a { use: toy_numbers, count: "\${COUNT:-4}" }\n  b: *a\n`,
  `---\nname: "x"\nstages: {"a": {"use": "toy_numbers", "seed": 0x1F}}\n`,
];
const pieces = [
  ..."[]{}:,-?&*!|>'\"%@`#~\n\t\r \\\0",
  "\ufeff",
  "\u2028",
  "\ud800",
  "&a ",
  "*a",
  "<<: ",
  "${X",
  "${",
  "}",
  "__proto__",
  "!!binary ",
  ".nan",
  "1e999",
  "- ",
  ": ",
  "\n  ",
  "---\n",
  "null",
  "from",
  "matrix",
  "include",
  "99999999999999999999",
];

Deno.test("a valid experiment, changed anywhere, is valid or gives an error of a few lines", () => {
  const change = fc.record({
    at: fc.nat(600),
    remove: fc.nat(12),
    piece: fc.constantFrom(...pieces),
    times: fc.oneof(fc.constantFrom(0, 1), fc.nat(300)),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      (text, changes) => {
        for (const { at, remove, piece, times } of changes) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + piece.repeat(times) + text.slice(place + remove);
        }
        try {
          assert.ok(keyed(text).every(({ key }) => /^[0-9a-f]{64}$/.test(key)));
        } catch (error) {
          assert.ok(error instanceof Complaint || error instanceof ComplaintList, String(error));
          assert.ok(String(error).split("\n").length < 100 && String(error).length < 20_000);
        }
      },
    ),
    { numRuns: tries({ short: 100, long: 2000 }) },
  );
});
