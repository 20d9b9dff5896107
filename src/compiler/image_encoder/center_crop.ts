import { BadInput } from '../../errors.js';
import type { ImageInput } from '../../policy/manifest.js';
import type { GraphBuilder, Value } from '../graph.js';

/**
 * Cuts the middle out of an image: (1, H, W, C) -> (1, crop height, crop width, C).
 * @throws BadInput when the crop is larger than the image
 */
export function centerCrop(graph: GraphBuilder, input: ImageInput, image: Value): Value {
  let cropped = image;
  for (const [axis, size] of input.crop.entries()) {
    const margin = input.size[axis]! - size;
    if (margin < 0) {
      throw new BadInput(
        `the crop [${input.crop.join(', ')}] is larger than the image [${input.size.join(', ')}]`,
        `input ${input.name}`,
        'import the checkpoint again',
      );
    }
    const begin = roundHalfToEven(margin / 2);
    cropped = graph.slice(cropped, begin, begin + size, axis + 1);
  }
  return cropped;
}

/** Python's `round`, with which torchvision's `center_crop` places an odd margin. */
function roundHalfToEven(value: number): number {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}
