import * as v from "valibot";
import { defineStage } from "../pipeline/contract/stage.ts";
import { consistent, count, natural, seed } from "./parameter_schemas.ts";

const images = v.pipe(natural, v.maxValue(1_000_000));
const captions = v.pipe(images, v.minValue(1), v.maxValue(20));
const upTo = (most: number, least = 1) =>
  v.optional(v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most)), most);

export const makeScenes = defineStage({
  name: "make_scenes",
  summary: "renders pictures of related objects, with captions and swapped pairs",
  parameters: v.pipe(
    v.strictObject({
      seed,
      /** Images of the training split. */
      images: v.optional(v.pipe(images, v.minValue(2)), 1200),
      val_images: v.optional(images, 60),
      test_images: v.optional(v.pipe(images, v.minValue(1)), 100),
      /**
       * Above 0, some combinations are held out, and there are two more test splits of this many images:
       * `unseen_roles`, whose captions have shapes in roles (subject of a relation to another shape) that no
       * other caption has, and `unseen_pairs`, with shapes in colours that no other image has.
       */
      unseen_images: v.optional(images, 0),
      /** Pairs of images whose captions differ only in word order: split `swap`, and one for each unseen split. */
      swap_pairs: v.optional(images, 60),
      /** Such pairs for validation: split `swap_val`. */
      val_swap_pairs: v.optional(images, 0),
      /** Captions per image. */
      captions: v.optional(captions, 5),
      /** Captions per image outside the training split; default: as many as there. */
      held_out_captions: v.optional(captions),
      /**
       * Images come in families of so many `pictures`, with the same objects in different arrangements, so that
       * only relations tell them apart. With `recoloured`, every second family has the shapes of the one before it
       * in exchanged colours. Default: every image has objects of its own.
       */
      families: v.optional(
        v.strictObject({
          pictures: v.pipe(count, v.minValue(2), v.maxValue(16)),
          recoloured: v.optional(v.boolean(), false),
        }),
      ),
      /** Number of objects in an image. */
      objects: v.optional(
        v.pipe(
          v.strictObject({
            from: v.pipe(count, v.minValue(2), v.maxValue(8)),
            to: v.pipe(count, v.maxValue(8)),
          }),
          v.check(({ from, to }) => from <= to, "`from` at most `to`"),
        ),
        { from: 3, to: 6 },
      ),
      /** Number of different shapes; fewer shapes, colours, sizes and textures make objects more alike. */
      shapes: upTo(8, 2),
      /** Number of different colours, none of which is used twice in an image. */
      colours: upTo(8, 2),
      /** Number of different sizes. */
      sizes: upTo(3),
      /** Number of different textures. */
      textures: upTo(4),
      /**
       * varied: one or two clauses, in several sentence forms with synonyms; plain: one clause of one form, about
       * left, right, above or below.
       */
      wording: v.optional(v.picklist(["varied", "plain"]), "varied"),
    }),
    consistent(({ objects, colours }, refuse) => {
      if (objects.to <= colours) return;
      refuse("objects", `use at most ${colours}, the number of \`colours\``);
    }),
    consistent((given, refuse) => {
      if (given.families === undefined) return;
      const { pictures, recoloured } = given.families;
      const together = pictures * (recoloured ? 2 : 1);
      for (const name of ["images", "val_images", "test_images", "unseen_images"] as const) {
        if (given[name] % together === 0) continue;
        refuse(
          name,
          `use a multiple of ${together}, ` +
            (recoloured ? "twice the number of `pictures`" : "the number of `pictures`") +
            " in a family",
        );
      }
    }),
    consistent(({ unseen_images, shapes, colours }, refuse) => {
      // With 3 colours, of which each shape has 2, no two shapes can exchange theirs.
      if (unseen_images === 0 || (shapes >= 3 && colours >= 4)) return;
      refuse("unseen_images", "use 0, or at least 3 `shapes` and 4 `colours`");
    }),
    consistent((given, refuse) => {
      if (given.shapes >= 3 || given.objects.from === 2) return;
      for (const name of ["swap_pairs", "val_swap_pairs"] as const) {
        if (given[name] === 0) continue;
        const why = "swapped objects have shapes that no other object of the picture has";
        refuse(name, `use 0, at least 3 \`shapes\`, or \`objects\` from 2: ${why}`);
      }
    }),
  ),
  inputs: {},
  output: "scenes",
  compute: false,
  permissions: { native: true },
  resumable: false,
  async run(context) {
    const { writeScenes } = await import("./vision/scenes/write_scenes.ts");
    await writeScenes(context);
  },
});
