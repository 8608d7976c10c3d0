/**
 * The splits of a set of scenes, and which combinations of attributes and of roles each of them may have.
 * With `unseen_images`, some combinations are held out: two splits, `unseen_roles` and `unseen_pairs`, have
 * them in every picture or caption, all others never. Swapped pairs are in splits of their own: `swap`
 * belongs to `test`, `swap_X` to X.
 */
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { type CaptionOptions, describeScene, type Wording } from "./captions.ts";
import type { FamilyOptions } from "./family_layout.ts";
import { heldOutOf, isHeldOutPair, isHeldOutRole, nothingHeldOut } from "./held_out.ts";
import type { SceneOptions } from "./layout.ts";
import { relationsOf } from "./relations.ts";
import type { Mention, Related } from "../../data/statements.ts";
import type { SwappedScenes } from "./swaps.ts";
import { type SceneObject, vocabularyOf } from "./vocabulary.ts";

export interface SceneParameters {
  readonly seed: number;
  readonly images: number;
  readonly val_images: number;
  readonly test_images: number;
  /** Pictures of each split with combinations that no other split has; 0: nothing is held out. */
  readonly unseen_images: number;
  readonly swap_pairs: number;
  readonly val_swap_pairs: number;
  readonly captions: number;
  readonly held_out_captions?: number | undefined;
  readonly families?: FamilyOptions | undefined;
  readonly objects: { readonly from: number; readonly to: number };
  readonly shapes: number;
  readonly colours: number;
  readonly sizes: number;
  readonly textures: number;
  readonly wording: Wording;
}

/** Pictures of one split, and what their captions say. */
export interface SplitPlan {
  readonly name: string;
  readonly images: number;
  readonly captions: number;
  readonly scene: SceneOptions;
  readonly wording: CaptionOptions;
}

/** Swapped pairs of one split; their kinds alternate. */
export interface SwapPlan {
  readonly split: string;
  readonly pairs: number;
  readonly kinds: readonly SwappedScenes["kind"][];
  readonly scene: SceneOptions;
  readonly accepts: (swap: SwappedScenes) => boolean;
}

export function scenePlan(
  p: SceneParameters,
): { readonly splits: readonly SplitPlan[]; readonly swaps: readonly SwapPlan[] } {
  const holdsOut = p.unseen_images > 0;
  const vocabulary = vocabularyOf(p);
  const held = holdsOut ? heldOutOf(vocabulary) : nothingHeldOut;
  const isUnseen = (object: Mention) => isHeldOutPair(held, object);
  const isUnseenRole = (relation: Related, objects: readonly Mention[]) =>
    isHeldOutRole(held, relation, objects);
  const anyScene: SceneOptions = { vocabulary, objects: p.objects };
  const seenPairs: SceneOptions = { ...anyScene, mayHave: (objects) => !objects.some(isUnseen) };
  const forUnseenRoles: SceneOptions = {
    ...anyScene,
    mayHave: (objects) =>
      !objects.some(isUnseen) &&
      objects.some((a) => objects.some((b) => held.roles.has(`${a.shape} ${b.shape}`))),
  };
  const unseenPairs: SceneOptions = { ...anyScene, mayHave: (objects) => objects.some(isUnseen) };

  const words = (accepts: CaptionOptions["accepts"]): CaptionOptions => ({
    wording: p.wording,
    accepts,
  });
  const seenRoles = words((relation, objects) => !isUnseenRole(relation, objects));
  const unseenRoles = words(isUnseenRole);
  const aboutUnseenPairs = words((relation, objects) =>
    !isUnseenRole(relation, objects) &&
    [relation.subject, ...relation.objects].some((object) => isUnseen(objects[object]!))
  );
  // Where captions may say anything, every scene has something to say.
  const sayable = (wording: CaptionOptions) => (objects: readonly SceneObject[]) =>
    describeScene(objects, relationsOf(objects), 1, randomStream(0), wording).length > 0;
  const split = (
    name: string,
    images: number,
    scene: SceneOptions,
    wording: CaptionOptions,
  ): SplitPlan => ({
    name,
    images,
    captions: name === "train" ? p.captions : p.held_out_captions ?? p.captions,
    scene: holdsOut || p.wording === "plain" ? { ...scene, mayBe: sayable(wording) } : scene,
    wording,
  });

  const hasUnseenPair = ({ scenes }: SwappedScenes) =>
    scenes.some((objects) => objects.some(isUnseen));
  const saysUnseenRole = ({ captions }: SwappedScenes) =>
    captions.some(({ states: { mentions, clauses } }) =>
      clauses.some((clause) => isUnseenRole(clause, mentions))
    );
  const saysUnseenPair = ({ captions }: SwappedScenes) =>
    captions.some(({ states: { mentions } }) => mentions.some(isUnseen));
  const both = ["relation", "attribute"] as const;
  const usual = (swap: SwappedScenes) => !hasUnseenPair(swap) && !saysUnseenRole(swap);
  const heldOutPairs = holdsOut ? p.swap_pairs : 0;
  return {
    splits: [
      split("train", p.images, seenPairs, seenRoles),
      split("val", p.val_images, seenPairs, seenRoles),
      split("test", p.test_images, seenPairs, seenRoles),
      split("unseen_roles", p.unseen_images, forUnseenRoles, unseenRoles),
      split("unseen_pairs", p.unseen_images, unseenPairs, aboutUnseenPairs),
    ],
    swaps: [
      { split: "swap", pairs: p.swap_pairs, kinds: both, scene: seenPairs, accepts: usual },
      { split: "swap_val", pairs: p.val_swap_pairs, kinds: both, scene: seenPairs, accepts: usual },
      {
        split: "swap_unseen_roles",
        pairs: heldOutPairs,
        kinds: ["relation"],
        scene: seenPairs,
        accepts: (swap) => !hasUnseenPair(swap) && saysUnseenRole(swap),
      },
      {
        split: "swap_unseen_pairs",
        pairs: heldOutPairs,
        kinds: ["attribute"],
        scene: anyScene,
        accepts: (swap) => !saysUnseenRole(swap) && saysUnseenPair(swap),
      },
    ],
  };
}
