/**
 * Boxes of Flickr30k Entities: `Annotations/<image>.xml`, in a format like PASCAL VOC's.
 *
 *     annotation > size > width, height
 *     annotation > object* > name+ (entities), then bndbox > xmin, ymin, xmax, ymax
 *                                              or nobndbox, scene (0 or 1)
 *
 * The file's pixels are counted from 1 and both ends are inclusive (the authors' Python subtracts 1 from
 * each). Boxes here are half-open fractions of the image, so a box around the whole image is 0 0 1 1. The
 * authors' Python reads only an object's first name; this code reads all, like their README and Matlab code.
 */
import { XMLParser } from "fast-xml-parser";
import * as v from "valibot";
import type { Box } from "../boxes.ts";
import { decodeText } from "../../../pipeline/contract/text_file.ts";
import { decoding, wrongIn } from "../formats/foreign_file.ts";

export interface EntityBoxes {
  readonly width: number;
  readonly height: number;
  /**
   * Boxes of each entity that has any, as half-open fractions of the image; a group of people can have
   * several.
   */
  readonly boxes: ReadonlyMap<string, readonly Box[]>;
}

const pixels = v.pipe(
  v.string("expected a whole number"),
  v.regex(/^\d{1,6}$/, "expected a whole number"),
  v.transform(Number),
);
const size = v.pipe(pixels, v.minValue(1));
const corner = { xmin: pixels, ymin: pixels, xmax: pixels, ymax: pixels };
const schema = v.object({
  annotation: v.object({
    size: v.object({ width: size, height: size }),
    object: v.optional(
      v.array(v.object({
        name: v.pipe(v.array(v.pipe(v.string(), v.regex(/^\d{1,12}$/))), v.minLength(1)),
        bndbox: v.optional(v.array(v.object(corner)), []),
      })),
      [],
    ),
  }),
});

const lists = ["annotation.object", "annotation.object.name", "annotation.object.bndbox"];
const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  processEntities: false,
  maxNestedTags: 10,
  isArray: (_name: string, path: unknown) => lists.includes(String(path)),
});

/** @throws {Complaint} for invalid XML or an object that does not match the schema */
export function parseEntityBoxes(bytes: Uint8Array, file: string): EntityBoxes {
  const wrong = wrongIn(file);
  const text = decodeText(bytes, { file });
  // The format does not use document types, and only they can define entities that expand without bound.
  if (text.includes("<!DOCTYPE")) {
    throw wrong("it has a document type, which annotations do not use");
  }
  const parsed = v.safeParse(
    schema,
    decoding(wrong, "invalid XML", () => parser.parse(text, true)),
  );
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw wrong(`\`${v.getDotPath(issue) ?? "annotation"}\`: ${issue.message}`);
  }
  const { size: { width, height }, object: objects } = parsed.output.annotation;
  const boxes = new Map<string, Box[]>();
  objects.forEach(({ name: entities, bndbox }, place) => {
    for (const { xmin, ymin, xmax, ymax } of bndbox) {
      const [x1, x2] = [Math.max(0, xmin - 1), Math.min(width, xmax)];
      const [y1, y2] = [Math.max(0, ymin - 1), Math.min(height, ymax)];
      if (x1 >= x2 || y1 >= y2) {
        throw wrong(
          `object ${place + 1}: the box ${xmin} ${ymin} ${xmax} ${ymax} is outside ` +
            `the image of ${width} x ${height} pixels`,
        );
      }
      const box: Box = [x1 / width, y1 / height, x2 / width, y2 / height];
      for (const entity of new Set(entities)) {
        const before = boxes.get(entity);
        if (before === undefined) boxes.set(entity, [box]);
        else before.push(box);
      }
    }
  });
  return { width, height, boxes };
}
