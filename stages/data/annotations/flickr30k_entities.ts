/** Reads the folder of Flickr30k Entities: `Sentences/<image>.txt` and `Annotations/<image>.xml`. */
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { type EntityBoxes, parseEntityBoxes } from "./entity_boxes.ts";
import { type EntitySentence, parseEntitySentences } from "./entity_sentences.ts";
import { matchImages } from "../databases/image_names.ts";
import { decoding, wrongIn } from "../formats/foreign_file.ts";

export interface EntityImage {
  readonly sentences: readonly EntitySentence[];
  readonly boxes: EntityBoxes;
}

export interface Flickr30kEntities {
  readonly folder: string;
  /** Annotations of an image; undefined if it has none. */
  read(image: string): EntityImage | undefined;
}

/** Longest file that is accepted, in bytes: five captions or some dozens of boxes need far less. */
const LONGEST_FILE = 1 << 18;

/**
 * @param images all images that may be read: `36979.jpg` or `flickr30k_000000036979.npz` is `Sentences/36979.txt`
 * @throws {Complaint} when a subfolder is missing; `read` does when a file is damaged or its counterpart is
 * missing
 */
export function openFlickr30kEntities(
  folder: string,
  images: readonly string[],
): Flickr30kEntities {
  for (const part of ["Sentences", "Annotations"]) {
    if (!isFolder(`${folder}/${part}`)) {
      throw new Complaint(
        `the folder \`${part}\` is missing`,
        "name the folder into which annotations.zip of Flickr30k Entities was extracted",
        { place: { file: folder }, exitCode: 1 },
      );
    }
  }
  const fix = "use features that name each image once";
  const names = matchImages(images, annotatedNames(folder), wrongIn(folder, { fix }));
  return {
    folder,
    read(image) {
      const name = names.get(image);
      if (name === undefined) return undefined;
      const files = [`${folder}/Sentences/${name}.txt`, `${folder}/Annotations/${name}.xml`];
      const [sentences, boxes] = files.map(readSmallFile);
      const missing = sentences === undefined ? 0 : 1;
      if (sentences === undefined || boxes === undefined) {
        throw wrongIn(files[missing]!)(`it is missing, but ${files[1 - missing]} exists`);
      }
      return {
        sentences: parseEntitySentences(sentences, files[0]!),
        boxes: parseEntityBoxes(boxes, files[1]!),
      };
    },
  };
}

/** Names of images that have sentences or boxes. */
function annotatedNames(folder: string): string[] {
  return [["Sentences", ".txt"], ["Annotations", ".xml"]].flatMap(([part, ending]) =>
    decoding(wrongIn(`${folder}/${part}`), "the folder cannot be read", () => [
      ...Deno.readDirSync(`${folder}/${part}`),
    ]).flatMap(({ name }) => name.endsWith(ending!) ? [name.slice(0, -ending!.length)] : [])
  );
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Undefined if the file does not exist. */
function readSmallFile(file: string): Uint8Array | undefined {
  const wrong = wrongIn(file);
  try {
    const { size, isFile } = Deno.statSync(file);
    if (!isFile) throw wrong("this is not a regular file");
    if (size > LONGEST_FILE) throw wrong(`it has ${size} bytes, more than ${LONGEST_FILE}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof Complaint) throw error;
    throw wrong(`it cannot be read: ${(error as Error).message}`, error);
  }
  return decoding(wrong, "it cannot be read", () => Deno.readFileSync(file));
}
