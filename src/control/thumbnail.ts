import type { ImageInput, PolicyManifest } from '../policy/manifest.js';

/** Rows and columns of a thumbnail. */
export const THUMBNAIL_SIZE = 12;

/**
 * A picture as 12 x 12 means of its brightness, 0 to 1.
 * @param rgb (height, width, 3), 8 bit
 */
export function thumbnail(
  rgb: Uint8Array,
  [height, width]: readonly [number, number],
): Float32Array {
  const sums = new Float64Array(THUMBNAIL_SIZE ** 2);
  const counts = new Uint32Array(THUMBNAIL_SIZE ** 2);
  for (let y = 0, at = 0; y < height; y++) {
    const row = THUMBNAIL_SIZE * Math.floor((y * THUMBNAIL_SIZE) / height);
    for (let x = 0; x < width; x++, at += 3) {
      const cell = row + Math.floor((x * THUMBNAIL_SIZE) / width);
      sums[cell]! += rgb[at]! + rgb[at + 1]! + rgb[at + 2]!;
      counts[cell]!++;
    }
  }
  return Float32Array.from(sums, (sum, cell) => sum / (3 * 255 * Math.max(1, counts[cell]!)));
}

/** The thumbnail of a picture as an input of a policy gets it. */
export function thumbnailOf(
  { inputs }: PolicyManifest,
  name: string,
  rgb: Uint8Array,
): Float32Array {
  const input = inputs.find((one): one is ImageInput => one.kind === 'image' && one.name === name);
  return thumbnail(rgb, input!.size);
}
