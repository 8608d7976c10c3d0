/**
 * Six texts and five images whose scores never tie; text 1 and text 0 are of one image. Their metrics
 * were computed by others' programs, too:
 *
 *     score(t, i) = (7 t t + 11 i + 5 t i i + 3 i i) mod 31 + (5 t + i) / 1000
 */
import type { ScoreMatrix } from "../../stages/metric/recall.ts";

const [texts, images] = [6, 5];

export const smallMatrix: ScoreMatrix = {
  texts,
  images,
  imageOfText: [0, 0, 1, 2, 3, 4],
  scores: Float32Array.from({ length: texts * images }, (_, place) => {
    const [t, i] = [Math.floor(place / images), place % images];
    return (7 * t * t + 11 * i + 5 * t * i * i + 3 * i * i) % 31 + place / 1000;
  }),
};
