/**
 * What captions state about a scene, and whether it holds in a scene. Phrases mention objects by some of
 * their attributes; clauses state relations between the mentioned objects. A statement is true of a scene
 * if different objects can be found for the phrases so that every clause holds.
 */
const attributes = ["shape", "colour", "size", "texture"] as const;

/** The attributes by which a phrase mentions an object. */
export type Mention = { readonly [Name in typeof attributes[number]]?: string | undefined };

/** `subject` is in this relation to `objects` (two for "between"), all as indices. */
export interface Related {
  readonly relation: string;
  readonly subject: number;
  readonly objects: readonly number[];
}

export interface Statement {
  readonly mentions: readonly Mention[];
  /** Of mentions. */
  readonly clauses: readonly Related[];
}

/** A scene prepared for judging many statements. */
export interface JudgedScene {
  readonly objects: readonly Mention[];
  readonly relations: ReadonlySet<string>;
}

export function judgedScene(
  objects: readonly Mention[],
  relations: readonly Related[],
): JudgedScene {
  return { objects, relations: new Set(relations.map(relationKey)) };
}

/** Whether the statement is true of the scene. */
export function isTrue(statement: Statement, { objects, relations }: JudgedScene): boolean {
  const { mentions, clauses } = statement;
  return someAssignment(
    mentions,
    objects,
    (objectOf) =>
      clauses.every(({ relation, subject, objects: others }) =>
        relations.has(relationKey({
          relation,
          subject: objectOf[subject]!,
          objects: others.map((mention) => objectOf[mention]!),
        }))
      ),
  );
}

/** Whether the scene has objects for all phrases, in whatever relation. */
export function hasObjects({ mentions }: Statement, { objects }: JudgedScene): boolean {
  return someAssignment(mentions, objects, () => true);
}

/** Whether some assignment of different objects to the mentions passes the test. */
function someAssignment(
  mentions: readonly Mention[],
  objects: readonly Mention[],
  passes: (objectOf: readonly number[]) => boolean,
): boolean {
  const assigned: number[] = [];
  const assign = (): boolean => {
    const mention = mentions[assigned.length];
    if (mention === undefined) return passes(assigned);
    return objects.some((object, index) => {
      if (assigned.includes(index) || !fits(mention, object)) return false;
      assigned.push(index);
      const found = assign();
      assigned.pop();
      return found;
    });
  };
  return assign();
}

function fits(mention: Mention, object: Mention): boolean {
  return attributes.every((name) => mention[name] === undefined || mention[name] === object[name]);
}

/** `between` has two objects, in either order. */
function relationKey({ relation, subject, objects }: Related): string {
  return `${relation} ${subject} ${[...objects].sort((a, b) => a - b)}`;
}
