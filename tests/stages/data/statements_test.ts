import assert from "node:assert/strict";
import fc from "fast-check";
import {
  hasObjects,
  isTrue,
  judgedScene,
  type Mention,
  type Related,
  type Statement,
} from "../../../stages/data/statements.ts";

const redCircle = { shape: "circle", colour: "red", size: "small", texture: "plain" };
const blueCircle = { ...redCircle, colour: "blue" };
const redSquare = { ...redCircle, shape: "square" };

/** `0 left of 1`, `0 between 1 2`: subject, relation, objects. */
function related(text: string): Related {
  const [, subject, relation, objects] = /^(\d+) (.*?) ([\d ]+)$/.exec(text)!;
  return {
    relation: relation!,
    subject: Number(subject),
    objects: objects!.split(" ").map(Number),
  };
}

const sceneOf = (objects: readonly Mention[], ...relations: string[]) =>
  judgedScene(objects, relations.map(related));
const says = (mentions: readonly Mention[], ...clauses: string[]): Statement => ({
  mentions,
  clauses: clauses.map(related),
});

Deno.test("a statement is true if its relation holds between the objects that it mentions", () => {
  const scene = sceneOf([redCircle, blueCircle, redSquare], "0 left of 1", "1 right of 0");
  const [red, blue] = [{ shape: "circle", colour: "red" }, { shape: "circle", colour: "blue" }];
  assert.ok(isTrue(says([red, blue], "0 left of 1"), scene));
  assert.ok(isTrue(says([red, blue], "1 right of 0"), scene));
  assert.ok(!isTrue(says([blue, red], "0 left of 1"), scene));
  assert.ok(!isTrue(says([red, blue], "0 above 1"), scene));
  assert.ok(!isTrue(says([red, { shape: "square" }], "0 left of 1"), scene));
});

Deno.test("an ambiguous mention is any of the objects that it fits, the same one in every clause", () => {
  const scene = sceneOf([redCircle, blueCircle, redSquare], "0 above 2", "1 left of 2");
  const [circle, square] = [{ shape: "circle" }, { shape: "square" }];
  assert.ok(isTrue(says([circle, square], "0 above 1"), scene));
  assert.ok(isTrue(says([circle, square], "0 left of 1"), scene));
  // One circle is above the square, and another one left of it.
  assert.ok(!isTrue(says([circle, square], "0 above 1", "0 left of 1"), scene));
  assert.ok(isTrue(says([circle, square, circle], "0 above 1", "2 left of 1"), scene));
});

Deno.test("two mentions are two objects", () => {
  const scene = sceneOf([redCircle, redSquare], "0 left of 1");
  assert.ok(hasObjects(says([{ shape: "circle" }]), scene));
  assert.ok(!hasObjects(says([{ shape: "circle" }, { colour: "red", shape: "circle" }]), scene));
  assert.ok(hasObjects(says([{ colour: "red" }, { colour: "red" }]), scene));
  assert.ok(!hasObjects(says([{ colour: "red" }, { colour: "red" }, { colour: "red" }]), scene));
});

Deno.test("a mention of any attribute fits whatever has it, and an attribute that nothing has is not there", () => {
  const scene = sceneOf([redCircle, blueCircle]);
  for (
    const [mention, there] of [
      [{ shape: "circle" }, true],
      [{ size: "small" }, true],
      [{ texture: "plain", colour: "blue" }, true],
      [{}, true],
      [{ texture: "striped" }, false],
      [{ texture: "striped", colour: "blue" }, false],
    ] as const
  ) assert.equal(hasObjects(says([mention]), scene), there, JSON.stringify(mention));
});

Deno.test("`between` has its two objects in either order; other relations do not", () => {
  const scene = sceneOf([redCircle, blueCircle, redSquare], "0 between 1 2");
  const [red, blue, square] = [{ ...redCircle }, { ...blueCircle }, { ...redSquare }];
  assert.ok(isTrue(says([red, blue, square], "0 between 1 2"), scene));
  assert.ok(isTrue(says([red, blue, square], "0 between 2 1"), scene));
  assert.ok(!isTrue(says([red, blue, square], "1 between 0 2"), scene));
  const touching = sceneOf([redCircle, blueCircle], "0 inside 1");
  assert.ok(!isTrue(says([red, blue], "1 inside 0"), touching));
});

Deno.test("a statement without clauses is about objects alone, and one without mentions is true", () => {
  assert.ok(isTrue(says([{ shape: "square" }]), sceneOf([redSquare])));
  assert.ok(!isTrue(says([{ shape: "square" }]), sceneOf([redCircle])));
  assert.ok(isTrue(says([]), sceneOf([])));
});

// Few values, so that mentions are ambiguous and statements true about as often as not.
const attribute = (values: readonly string[]) => fc.constantFrom(...values);
const anObject = fc.record({
  shape: attribute(["circle", "square"]),
  colour: attribute(["red", "blue"]),
  size: attribute(["small", "large"]),
  texture: attribute(["plain"]),
});
const aMention = fc.record(
  { shape: attribute(["circle", "square"]), colour: attribute(["red", "blue"]) },
  { requiredKeys: [] },
);
const relationAmong = (count: number) => {
  const place = fc.nat(count - 1);
  return fc.oneof(
    fc.record({
      relation: fc.constantFrom("left of", "above"),
      subject: place,
      objects: fc.tuple(place),
    }),
    fc.record({
      relation: fc.constant("between"),
      subject: place,
      objects: fc.tuple(place, place),
    }),
  ) as fc.Arbitrary<Related>;
};
const aCase = fc.record({
  objects: fc.array(anObject, { minLength: 1, maxLength: 4 }),
  mentions: fc.array(aMention, { minLength: 1, maxLength: 3 }),
}).chain(({ objects, mentions }) =>
  fc.record({
    objects: fc.constant(objects),
    mentions: fc.constant(mentions),
    relations: fc.array(relationAmong(objects.length), { maxLength: 8 }),
    clauses: fc.array(relationAmong(mentions.length), { minLength: 1, maxLength: 2 }),
  })
);

/** All ways to give each of `mentions` one of `objects`, one object to several mentions included. */
function allChoices(mentions: number, objects: number): number[][] {
  return Array.from(
    { length: objects ** mentions },
    (_, code) =>
      Array.from({ length: mentions }, (_, i) => Math.floor(code / objects ** i) % objects),
  );
}

/** Written from the definition alone: some choice of distinct objects that fit, in which all clauses hold. */
function truthByEnumeration(
  { mentions, clauses }: Statement,
  objects: readonly Mention[],
  relations: readonly Related[],
): { readonly hasObjects: boolean; readonly isTrue: boolean } {
  const fitting = allChoices(mentions.length, objects.length).filter((choice) =>
    new Set(choice).size === choice.length &&
    mentions.every((mention, i) =>
      Object.entries(mention).every(([name, value]) =>
        objects[choice[i]!]![name as keyof Mention] === value
      )
    )
  );
  const holds = (choice: readonly number[], { relation, subject, objects: others }: Related) =>
    relations.some((one) => {
      const wanted = others.map((other) => choice[other]!);
      const [given, reversed] = [[...one.objects], [...one.objects].reverse()];
      return one.relation === relation && one.subject === choice[subject] &&
        [given, reversed].some((order) => `${order}` === `${wanted}`);
    });
  return {
    hasObjects: fitting.length > 0,
    isTrue: fitting.some((choice) => clauses.every((clause) => holds(choice, clause))),
  };
}

Deno.test("isTrue() and hasObjects() agree with an enumeration of all assignments", () => {
  const seen = { true: 0, objects: 0, none: 0 };
  fc.assert(
    fc.property(aCase, ({ objects, relations, mentions, clauses }) => {
      const statement = { mentions, clauses };
      const scene = judgedScene(objects, relations);
      const expected = truthByEnumeration(statement, objects, relations);
      const found = { hasObjects: hasObjects(statement, scene), isTrue: isTrue(statement, scene) };
      assert.deepEqual(found, expected);
      assert.ok(!found.isTrue || found.hasObjects, "what is true has its objects");
      seen[found.isTrue ? "true" : found.hasObjects ? "objects" : "none"]++;
    }),
    { numRuns: 3000, seed: 5 },
  );
  assert.ok(Math.min(...Object.values(seen)) > 100, JSON.stringify(seen));
});

Deno.test("the order of objects, of relations, of mentions and of clauses does not matter", () => {
  const shuffled = (count: number) =>
    fc.shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count });
  const permuted = aCase.chain((given) =>
    fc.record({
      given: fc.constant(given),
      objectOrder: shuffled(given.objects.length),
      mentionOrder: shuffled(given.mentions.length),
      relationOrder: shuffled(given.relations.length),
      clauseOrder: shuffled(given.clauses.length),
    })
  );
  const renamed = (relations: readonly Related[], order: readonly number[]) =>
    relations.map(({ relation, subject, objects }) => ({
      relation,
      subject: order.indexOf(subject),
      objects: objects.map((object) => order.indexOf(object)),
    }));
  fc.assert(
    fc.property(permuted, ({ given, objectOrder, mentionOrder, relationOrder, clauseOrder }) => {
      const at = <Item>(items: readonly Item[], order: readonly number[]) =>
        order.map((place) => items[place]!);
      const { objects, relations, mentions, clauses } = given;
      const scene = judgedScene(objects, relations);
      const other = judgedScene(
        at(objects, objectOrder),
        renamed(at(relations, relationOrder), objectOrder),
      );
      const statement = { mentions, clauses };
      const same = {
        mentions: at(mentions, mentionOrder),
        clauses: renamed(at(clauses, clauseOrder), mentionOrder),
      };
      for (const judge of [isTrue, hasObjects]) {
        assert.equal(judge(same, other), judge(statement, scene));
      }
    }),
    { numRuns: 500 },
  );
});
