/** Attributes of objects in scenes (shapes, colours, sizes, textures), which are also the words for them. */

export const shapes = [
  "circle",
  "square",
  "triangle",
  "star",
  "cross",
  "diamond",
  "ring",
  "heart",
] as const;
export const colours = [
  "red",
  "orange",
  "yellow",
  "green",
  "blue",
  "purple",
  "black",
  "white",
] as const;
export const sizes = ["small", "medium", "large"] as const;
export const textures = ["plain", "striped", "dotted", "checkered"] as const;

export type Shape = typeof shapes[number];
export type Colour = typeof colours[number];
export type Size = typeof sizes[number];
export type Texture = typeof textures[number];

/** The attributes that the objects of a set of scenes have. The fewer there are, the more objects look alike. */
export interface SceneVocabulary {
  readonly shapes: readonly Shape[];
  readonly colours: readonly Colour[];
  readonly sizes: readonly Size[];
  readonly textures: readonly Texture[];
}

/** How many of each there are. */
export type VocabularySize = { readonly [Name in keyof SceneVocabulary]: number };

export const wholeVocabulary: SceneVocabulary = { shapes, colours, sizes, textures };

/** The easiest to tell apart first. */
const clearest: SceneVocabulary = {
  shapes: ["circle", "square", "triangle", "cross", "star", "diamond", "heart", "ring"],
  colours: ["red", "green", "blue", "yellow", "purple", "white", "black", "orange"],
  sizes: ["medium", "large", "small"],
  textures: ["plain", "striped", "dotted", "checkered"],
};

/** A vocabulary of that size, of the attributes that are easiest to tell apart. */
export function vocabularyOf(size: VocabularySize): SceneVocabulary {
  const first = <Item>(all: readonly Item[], order: readonly Item[], count: number) => {
    const kept = new Set(order.slice(0, count));
    return all.filter((item) => kept.has(item));
  };
  return {
    shapes: first(shapes, clearest.shapes, size.shapes),
    colours: first(colours, clearest.colours, size.colours),
    sizes: first(sizes, clearest.sizes, size.sizes),
    textures: first(textures, clearest.textures, size.textures),
  };
}

/** An object of a scene; lengths in pixels. */
export interface SceneObject {
  readonly shape: Shape;
  readonly colour: Colour;
  readonly size: Size;
  readonly texture: Texture;
  /** Centre. */
  readonly x: number;
  readonly y: number;
  /** Width and height. */
  readonly extent: number;
}

/** Main tone, second tone of textures, and outline. */
export const paints: Readonly<Record<Colour, readonly [string, string, string]>> = {
  red: ["rgb(205,35,40)", "rgb(130,12,20)", "rgb(95,8,14)"],
  orange: ["rgb(240,135,25)", "rgb(176,88,6)", "rgb(130,64,4)"],
  yellow: ["rgb(242,215,45)", "rgb(178,150,10)", "rgb(132,110,6)"],
  green: ["rgb(40,155,60)", "rgb(14,92,30)", "rgb(8,66,20)"],
  blue: ["rgb(45,85,210)", "rgb(16,42,128)", "rgb(10,28,92)"],
  purple: ["rgb(145,55,175)", "rgb(88,22,112)", "rgb(62,14,80)"],
  black: ["rgb(22,22,24)", "rgb(66,66,70)", "rgb(8,8,8)"],
  white: ["rgb(250,250,250)", "rgb(206,206,208)", "rgb(190,190,194)"],
};

/** Smallest and largest extent of a size, in pixels, with wide gaps so that sizes are unambiguous. */
export const extents: Readonly<Record<Size, readonly [number, number]>> = {
  small: [18, 23],
  medium: [32, 39],
  large: [54, 62],
};

export const canvasWidth = 192;
export const canvasHeight = 144;

/** Half-open box of an object, in pixels: x1, y1, x2, y2. */
export function boxOf({ x, y, extent }: SceneObject): [number, number, number, number] {
  return [x - extent / 2, y - extent / 2, x + extent / 2, y + extent / 2];
}
