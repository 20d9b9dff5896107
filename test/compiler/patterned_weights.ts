import { crc32 } from 'node:zlib';
import { encoderLayout } from '../../src/importers/encoder_layout.js';
import type { ConvolutionSpec } from '../../src/policy/encoder_schema.js';
import { elementCount, floatTensor, type FloatTensor } from '../../src/policy/safetensors.js';

/** The same numbers as `pattern` in test/reference/image_encoder_reference.py. */
function pattern(name: string, count: number): Uint32Array {
  const seed = crc32(name);
  const values = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let h = (Math.imul(i, 0x9e3779b9) + seed) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    values[i] = h ^ (h >>> 15);
  }
  return values;
}

/** One tensor of the reference's network, by its name. */
export function patternedTensor(name: string, shape: readonly number[]): FloatTensor {
  if (name.endsWith('temperature')) return floatTensor(shape, Float32Array.of(0.7));
  const count = elementCount(shape);
  const [middle, width] =
    shape.length > 1
      ? [0, 4 / Math.sqrt(count / shape[0]!)]
      : [name.endsWith('weight') ? 1 : 0, 0.25];
  const data = new Float32Array(count);
  for (const [i, value] of pattern(name, count).entries()) {
    data[i] = middle + width * ((value >>> 8) / 2 ** 23 - 1);
  }
  return floatTensor(shape, data);
}

/** The encoder tensors of one camera that the reference uses. */
export function patternedWeights(
  camera: string,
  keypoints: number,
  featureDim: number,
): Map<string, FloatTensor> {
  const layout = encoderLayout([camera], keypoints, featureDim);
  return new Map([...layout].map(([name, shape]) => [name, patternedTensor(name, shape)]));
}

/** The tensors of a `conv_spatial_softmax` encoder for one camera, all it has and nothing more. */
export function convolutionWeights({
  name,
  convolutions,
  keypoints,
  feature_dim: width,
}: {
  readonly name: string;
  readonly convolutions: readonly ConvolutionSpec[];
  readonly keypoints: number;
  readonly feature_dim: number;
}): Map<string, FloatTensor> {
  const layout = new Map<string, readonly number[]>();
  let into = 3;
  for (const [i, { channels, kernel }] of convolutions.entries()) {
    layout.set(`conv${i}.weight`, [channels, into, kernel, kernel]);
    layout.set(`norm${i}.weight`, [channels]).set(`norm${i}.bias`, [channels]);
    into = channels;
  }
  layout.set('pool.weight', [keypoints, into, 1, 1]).set('pool.bias', [keypoints]);
  layout.set('pool.temperature', [1]);
  layout.set('linear.weight', [width, 2 * keypoints]).set('linear.bias', [width]);
  return new Map(
    [...layout].map(([part, shape]) => [
      `${name}.${part}`,
      patternedTensor(`${name}.${part}`, shape),
    ]),
  );
}

/** The reference's frame: (H, W, 3). */
export function patternedImage(
  camera: string,
  frame: number,
  [height, width]: readonly [number, number],
): Uint8Array {
  const values = pattern(`${camera}.${frame}`, height * width * 3);
  return Uint8Array.from(values, (value) => value >>> 24);
}
