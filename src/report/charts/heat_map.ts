import sharp from 'sharp';

/** Colours of the scale from low to high: dark blue, green, yellow; brightness rises evenly. (After viridis.) */
const STOPS = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
] as const;

/**
 * A square matrix as a picture, one pixel an entry, first row on top.
 * @param ends of the colour scale; values beyond take the colour of the nearer end
 * @returns a `data:` URL of a PNG
 */
export async function heatMap(
  values: readonly (readonly number[])[],
  ends: { readonly low: number; readonly high: number },
): Promise<string> {
  const { low, high } = ends;
  const pixels = Uint8Array.from(
    values.flatMap((row) => row.flatMap((value) => colourAt((value - low) / (high - low)))),
  );
  const raw = { width: values[0]!.length, height: values.length, channels: 3 as const };
  const png = await sharp(pixels, { raw }).png({ palette: true, compressionLevel: 9 }).toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

/** The colour scale itself as a CSS gradient from left to right. */
export const HEAT_GRADIENT = `linear-gradient(to right, ${STOPS.map((stop) => `rgb(${stop.join(' ')})`).join(', ')})`;

/** @param share 0..1 */
function colourAt(share: number): number[] {
  // Not a number where both ends are equal.
  const place = Math.min(1, Math.max(0, share || 0)) * (STOPS.length - 1);
  const below = Math.min(Math.floor(place), STOPS.length - 2);
  return STOPS[below]!.map((from, channel) =>
    Math.round(from + (place - below) * (STOPS[below + 1]![channel]! - from)),
  );
}
