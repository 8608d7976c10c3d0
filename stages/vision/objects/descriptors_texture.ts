/** Texture of a region: how two tones of lightness alternate. */
import { areaOf, erode, meanOf } from "./mask_measures.ts";

/** Distances at which tones are compared, in pixels. */
const LAGS = [1, 2, 3, 4, 6, 8, 12] as const;
/** Right, down, and the two diagonals. */
const DIRECTIONS = [[1, 0], [0, 1], [1, 1], [-1, 1]] as const;

export const textureWidth = 5 + DIRECTIONS.length * LAGS.length;

/** A region has two tones if its lightness range is at least this. */
const RANGE = 0.06;
/** Added to the number of pairs, which shrinks correlations of few pixels towards 0. */
const SHRINK = 10;

/**
 * Lightness range; 1 if there are two tones (split at the middle of the range); share of the rarer tone, which
 * is equal for light on dark and dark on light; difference and sum of the vertical and horizontal gradient
 * energy; autocorrelation of the tones per direction and lag. All but the range are 0 if there is only one
 * tone. The outline, one pixel wide, is excluded.
 */
export function textureNumbers(
  lightness: Float32Array,
  mask: Uint8Array,
  width: number,
): number[] {
  const inner = erode(mask, width);
  const nothing = new Array<number>(textureWidth).fill(0);
  if (areaOf(inner) < 9) return nothing;
  const values = lightness.filter((_, i) => inner[i] === 1).sort();
  const low = values[Math.floor(values.length * 0.08)]!;
  const high = values[Math.floor(values.length * 0.92)]!;
  const range = high - low;
  if (range < RANGE) return [range, ...nothing.slice(1)];
  const light = meanOf(inner, (i) => lightness[i]! > (low + high) / 2 ? 1 : 0);
  const tone = Float32Array.from(lightness, (l) => (l > (low + high) / 2 ? 1 : 0) - light);
  const correlations = DIRECTIONS.flatMap(([dx, dy]) =>
    LAGS.map((lag) =>
      correlation(tone, inner, { width, dx: dx * lag, dy: dy * lag }) / (light * (1 - light))
    )
  );
  const along = 1 - correlations[0]!;
  const down = 1 - correlations[LAGS.length]!;
  return [range, 1, Math.min(light, 1 - light), down - along, down + along, ...correlations];
}

/** Mean product of the tones of two pixels (dx, dy) apart, both within the mask. */
function correlation(
  tone: Float32Array,
  mask: Uint8Array,
  { width, dx, dy }: { readonly width: number; readonly dx: number; readonly dy: number },
): number {
  const step = dy * width + dx;
  let [total, pairs] = [0, 0];
  for (let start = 0; start < mask.length - dy * width; start += width) {
    const end = start + Math.min(width, width - dx);
    for (let i = start + Math.max(0, -dx); i < end; i++) {
      if (mask[i] === 0 || mask[i + step] === 0) continue;
      total += tone[i]! * tone[i + step]!;
      pairs++;
    }
  }
  return total / (pairs + SHRINK);
}
