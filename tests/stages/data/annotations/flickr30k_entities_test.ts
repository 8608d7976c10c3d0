import fc from "fast-check";
import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { openFlickr30kEntities } from "../../../../stages/data/annotations/flickr30k_entities.ts";
import { parseEntityBoxes } from "../../../../stages/data/annotations/entity_boxes.ts";
import { parseEntitySentences } from "../../../../stages/data/annotations/entity_sentences.ts";
import { damage, resultOrComplaint } from "../../../support/damage.ts";
import { temporaryFolder } from "../../../support/temporary_folder.ts";
import { tries } from "../../../support/long_test.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const sentences = (text: string) => parseEntitySentences(bytes(text), "Sentences/7.txt");
const boxes = (text: string) => parseEntityBoxes(bytes(text), "Annotations/7.xml");

const written = [
  "[/EN#1/people A man] in [/EN#2/clothing/other a blue hat] looks at [/EN#0/notvisual it] .",
  "[/EN#1/people He] is outside .",
].join("\n");

const object = (names: readonly (number | string)[], rest: string) =>
  `<object>${names.map((name) => `<name>${name}</name>`).join("")}${rest}</object>`;
const box = (...[x1, y1, x2, y2]: (number | string)[]) =>
  `<bndbox><xmin>${x1}</xmin><ymin>${y1}</ymin><xmax>${x2}</xmax><ymax>${y2}</ymax></bndbox>`;
const annotation = (objects: string, size = "<width>500</width><height>400</height>") =>
  `<annotation>
  <filename>7.jpg</filename>
  <size>${size}<depth>3</depth></size>
  ${objects}
</annotation>
`;
const drawn = annotation([
  object([1], box(1, 1, 500, 400)),
  object([2, 1], box(251, 101, 300, 200)),
  object([3], "<nobndbox>0</nobndbox><scene>1</scene>"),
].join("\n  "));

Deno.test("a sentence is parsed to its text without markup and the character ranges of its phrases", () => {
  const [first, second] = sentences(written);
  assert.equal(first!.text, "A man in a blue hat looks at it .");
  assert.deepEqual(
    first!.phrases.map(({ start, end, ...rest }) => ({
      words: first!.text.slice(start, end),
      ...rest,
    })),
    [
      { words: "A man", entity: "1", types: ["people"] },
      { words: "a blue hat", entity: "2", types: ["clothing", "other"] },
      { words: "it", entity: "0", types: ["notvisual"] },
    ],
  );
  assert.deepEqual(second, {
    text: "He is outside .",
    phrases: [{ start: 0, end: 2, entity: "1", types: ["people"] }],
  });
});

Deno.test("brackets outside phrases, blank lines and CRLF line ends are accepted", () => {
  const read = sentences("A sign [ stop ] by [/EN#5/other  the road ]\r\n\r\n\n[/EN#6/x a ] b]");
  assert.deepEqual(read.map(({ text }) => text), ["A sign [ stop ] by the road", "a b]"]);
  assert.deepEqual(read[0]!.phrases, [{ start: 19, end: 27, entity: "5", types: ["other"] }]);
  assert.deepEqual(sentences(""), []);
});

Deno.test("files with a byte-order mark and other line ends are the same", () => {
  const other = (text: string) => `\ufeff${text.replaceAll("\n", "\r")}`;
  assert.deepEqual(sentences(other(written)), sentences(written));
  assert.deepEqual(boxes(other(drawn)), boxes(drawn));
});

Deno.test("names of Object.prototype's properties are ordinary types", () => {
  const [read] = sentences("[/EN#9/constructor/__proto__ toString] here");
  assert.deepEqual(read!.phrases[0]!.types, ["constructor", "__proto__"]);
  assert.equal(read!.text, "toString here");
});

Deno.test("adding the markup to a parsed sentence gives the original line", () => {
  const word = fc.stringMatching(/^[a-z[.é]{1,6}$/).filter((text) => !text.includes("[/EN#"));
  const words = fc.array(word, { minLength: 1, maxLength: 4 }).map((list) => list.join(" "));
  const part = fc.oneof(
    words.map((text) => ({ text, entity: undefined })),
    fc.tuple(words, fc.nat().map(String)).map(([text, entity]) => ({ text, entity })),
  );
  fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
    const line = parts.map(({ text, entity }) =>
      entity === undefined ? text : `[/EN#${entity}/other ${text}]`
    ).join(" ");
    const [read] = sentences(line);
    assert.equal(read!.text, parts.map(({ text }) => text).join(" "));
    assert.deepEqual(
      read!.phrases.map(({ start, end, entity }) => ({
        text: read!.text.slice(start, end),
        entity,
      })),
      parts.filter(({ entity }) => entity !== undefined),
    );
  }));
});

Deno.test("boxes are fractions of the image, converted from 1-based inclusive pixels", () => {
  const { width, height, boxes: read } = boxes(drawn);
  assert.deepEqual([width, height], [500, 400]);
  assert.deepEqual([...read], [
    ["1", [[0, 0, 1, 1], [0.5, 0.25, 0.6, 0.5]]],
    ["2", [[0.5, 0.25, 0.6, 0.5]]],
  ]);
});

Deno.test("boxes are clipped to the image; images without objects have no boxes", () => {
  const wide = boxes(annotation(object([1], box(0, 0, 900, 200)))).boxes;
  assert.deepEqual(wide.get("1"), [[0, 0, 1, 0.5]]);
  assert.equal(boxes(annotation("")).boxes.size, 0);
  assert.equal(boxes(annotation("")).boxes.get("constructor"), undefined);
});

Deno.test("an invalid sentence or annotation is reported with its location", () => {
  const wrong: [() => unknown, RegExp][] = [
    [
      () => sentences("a\n[/EN#1/people A man"),
      /line 2: the phrase "\[\/EN#1\/people A man" is not/,
    ],
    [
      () => sentences("[/EN#1/x a [/EN#2/x b] c]"),
      /line 1: the phrase "\[\/EN#1\/x a \[\/EN#2\/x b\] c\]" contains another phrase/,
    ],
    [() => sentences("[/EN#x/people A man]"), /has no entity, no type or no words/],
    [() => sentences("[/EN#1 A man]"), /has no entity, no type or no words/],
    [() => sentences("[/EN#1/people ]"), /has no entity, no type or no words/],
    [() => parseEntitySentences(Uint8Array.of(0xff), "Sentences/7.txt"), /not UTF-8/],
    [() => parseEntityBoxes(Uint8Array.of(0xff), "Annotations/7.xml"), /not UTF-8/],
    [() => boxes("Not found"), /`annotation`|invalid XML/],
    [() => boxes("<annotation><size></annotation>"), /invalid XML: /],
    [() => boxes(annotation("", "<width>0</width><height>4</height>")), /`annotation.size.width`/],
    [() => boxes(annotation("", "<width>5</width>")), /`annotation.size.height`/],
    [() => boxes(annotation(object([], box(1, 1, 2, 2)))), /`annotation.object.0.name`/],
    [() => boxes(annotation(object(["__proto__"], box(1, 1, 2, 2)))), /object.0.name.0`/],
    [
      () => boxes(annotation(object([1], box(1, 1, "2.5", 2)))),
      /object.0.bndbox.0.xmax`: expected a whole number/,
    ],
    [
      () => boxes(annotation(object([1], box(9, 1, 3, 2)))),
      /object 1: the box 9 1 3 2 is outside/,
    ],
    [
      () => boxes(annotation(object([1], box(501, 1, 600, 2)))),
      /outside the image of 500 x 400/,
    ],
    [
      () => boxes(`<!DOCTYPE a [<!ENTITY b "c">]>${drawn}`),
      /a document type, which annotations do not use/,
    ],
  ];
  for (const [read, message] of wrong) {
    assert.throws(read, (error: Complaint) => {
      assert.ok(error instanceof Complaint, String(error));
      assert.match(error.toString(), message);
      assert.match(error.toString(), /--> (Sentences\/7.txt|Annotations\/7.xml)(:1)?\nfix: /);
      return true;
    });
  }
});

Deno.test("images are found by their names, with or without one prefix, never outside the folder", () => {
  using folder = temporaryFolder();
  for (const part of ["Sentences", "Annotations"]) Deno.mkdirSync(`${folder.path}/${part}`);
  Deno.writeTextFileSync(`${folder.path}/Sentences/36979.txt`, written);
  Deno.writeTextFileSync(`${folder.path}/Annotations/36979.xml`, drawn);
  Deno.writeTextFileSync(`${folder.path}/secret.txt`, written);
  const lists: readonly (readonly [string, ...string[]])[] = [
    ["36979"],
    ["36979.jpg", "6979.jpg", "../secret", "", "/36979x", "36979x", "\0"],
    ["flickr30k_000000036979.npz", "flickr30k_000000006979.npz"],
  ];
  for (const [image, ...absent] of lists) {
    const { read } = openFlickr30kEntities(folder.path, [image, ...absent]);
    assert.equal(read(image)!.sentences.length, 2, image);
    assert.equal(read(image)!.boxes.boxes.size, 2, image);
    for (const other of absent) assert.equal(read(other), undefined, other);
  }
  const { read } = openFlickr30kEntities(folder.path, ["cat_36979.jpg", "dog_36979.jpg"]);
  assert.equal(read("cat_36979.jpg"), undefined);
  Deno.writeTextFileSync(`${folder.path}/Sentences/5.txt`, written);
  const five = openFlickr30kEntities(folder.path, ["5"]);
  assert.throws(
    () => five.read("5"),
    /Annotations\/5.xml|it is missing, but .*Sentences\/5.txt exists/,
  );
  Deno.writeTextFileSync(`${folder.path}/Annotations/5.xml`, " ".repeat(300_000));
  assert.throws(() => five.read("5"), /it has 300000 bytes, more than/);
  assert.throws(
    () => openFlickr30kEntities(`${folder.path}/Sentences`, []),
    /the folder `Sentences` is missing/,
  );
});

const FILES = tries({ short: 200, long: 10_000 });

Deno.test("damaged sentences give phrases within their text, or a Complaint", () => {
  const base = bytes(written.replace("blue", "bläue"));
  let read = 0, refused = 0;
  fc.assert(
    fc.property(damage, (apply) => {
      const result = resultOrComplaint(() => parseEntitySentences(apply(base), "damaged"));
      if (result instanceof Complaint) return void refused++;
      read++;
      for (const { text, phrases } of result) {
        for (const { start, end, entity, types } of phrases) {
          assert.ok(0 <= start && start < end && end <= text.length && types.length > 0);
          assert.match(entity, /^\d+$/);
        }
      }
    }),
    { numRuns: FILES },
  );
  assert.ok(read > FILES / 10 && refused > FILES / 10, `${read} read, ${refused} refused`);
});

Deno.test("damaged annotations give boxes within the image, or a Complaint", () => {
  const base = bytes(drawn);
  const pieces = drawn.split(/(?=<)/);
  const mixed = fc.array(
    fc.oneof({ weight: 20, arbitrary: fc.constant("") }, fc.constantFrom(...pieces, "<!--x-->")),
    { minLength: pieces.length, maxLength: pieces.length },
  ).map((inserted) => bytes(pieces.map((piece, place) => inserted[place] + piece).join("")));
  // Random numbers in valid positions: they are accepted if they form a box.
  const renumbered = fc.record({ at: fc.nat(99), number: fc.nat(500) }).map(({ at, number }) => {
    const places = [...drawn.matchAll(/(?<=>)\d+(?=<)/g)];
    const { index, 0: digits } = places[at % places.length]!;
    return bytes(drawn.slice(0, index) + number + drawn.slice(index + digits.length));
  });
  const damaged = fc.oneof(damage.map((apply) => apply(base)), mixed, renumbered);
  let read = 0, refused = 0;
  fc.assert(
    fc.property(damaged, (file) => {
      const result = resultOrComplaint(() => parseEntityBoxes(file, "damaged"));
      if (result instanceof Complaint) return void refused++;
      read++;
      for (const [entity, list] of result.boxes) {
        assert.match(entity, /^\d+$/);
        for (const [x1, y1, x2, y2] of list) {
          assert.ok(0 <= x1 && x1 < x2 && x2 <= 1 && 0 <= y1 && y1 < y2 && y2 <= 1);
        }
      }
    }),
    { numRuns: FILES },
  );
  assert.ok(read > FILES / 10 && refused > FILES / 10, `${read} read, ${refused} refused`);
});

Deno.test("the longest accepted files are read or refused, whatever their content", () => {
  const longest = 1 << 18;
  const filled = (text: string) => text.repeat(Math.floor(longest / text.length));
  const fillings = [
    '<?a b="',
    "<a>",
    "</a>",
    "<!--",
    "<![CDATA[",
    "<a b='",
    "&amp;",
    "<annotation>",
    "<__proto__>",
    "[/EN#",
    "[/EN#1/",
    "[/EN#1/a ",
    "/a",
    "]",
    " ",
    "<",
    "[/EN#1/a b]",
    "<?",
    '<a b="c" ',
    "<object/>",
    "<?a b='c' ?>",
  ];
  for (const filling of fillings) {
    for (const parse of [parseEntitySentences, parseEntityBoxes]) {
      resultOrComplaint(() => parse(bytes(filled(filling)), "long"));
      resultOrComplaint(() => parse(bytes(annotation(filled(filling))), "long"));
    }
  }
});
