import type { ConvolutionSpec } from '../../src/policy/encoder_schema.js';
import type { FloatTensor } from '../../src/policy/safetensors.js';

/** A picture or what a layer made of it: values in the order channel, row, column. */
interface Maps {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** What the reference needs to know of a camera. */
export interface ReferenceCamera {
  readonly name: string;
  /** [height, width] */
  readonly size: readonly [number, number];
  readonly crop: readonly [number, number];
  /** First row and column of the crop. */
  readonly corner: readonly [number, number];
  readonly scale: readonly number[];
  readonly offset: readonly number[];
  readonly convolutions: readonly ConvolutionSpec[];
  readonly keypoints: number;
  readonly feature_dim: number;
}

/**
 * `conv_spatial_softmax` as docs/formats.md has it, in plain loops and double precision.
 * @param rgb (H, W, 3)
 * @returns (feature_dim)
 */
export function referenceFeatures(
  camera: ReferenceCamera,
  tensors: ReadonlyMap<string, FloatTensor>,
  rgb: Uint8Array,
): number[] {
  const tensor = (part: string): Float32Array => tensors.get(`${camera.name}.${part}`)!.data;
  let x = croppedPicture(camera, rgb);
  for (const [i, spec] of camera.convolutions.entries()) {
    x = convolved(x, tensor(`conv${i}.weight`), spec);
    x = normedAndRectified(x, tensor(`norm${i}.weight`), tensor(`norm${i}.bias`));
  }
  const temperature = tensor('pool.temperature')[0]!;
  const maps = convolved(x, tensor('pool.weight'), {
    ...{ channels: camera.keypoints, kernel: 1, stride: 1 },
  });
  const bias = tensor('pool.bias');
  const points: number[] = [];
  for (let point = 0; point < camera.keypoints; point++) {
    points.push(...expectedPlace(maps, point, (value) => (value + bias[point]!) / temperature));
  }
  const weight = tensor('linear.weight');
  return Array.from(tensor('linear.bias'), (start, row) =>
    Math.max(
      0,
      points.reduce((sum, value, i) => sum + value * weight[row * points.length + i]!, start),
    ),
  );
}

function croppedPicture(
  { size, crop, corner, scale, offset }: ReferenceCamera,
  rgb: Uint8Array,
): Maps {
  const [height, width] = crop;
  const values = new Float64Array(3 * height * width);
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const from = ((row + corner[0]) * size[1] + column + corner[1]) * 3 + channel;
        values[(channel * height + row) * width + column] =
          (rgb[from]! / 255) * scale[channel]! + offset[channel]!;
      }
    }
  }
  return { channels: 3, height, width, values };
}

/** @param weight (channels, C, kernel, kernel) */
function convolved(
  x: Maps,
  weight: Float32Array,
  { channels, kernel, stride }: ConvolutionSpec,
): Maps {
  const padding = Math.floor(kernel / 2);
  const height = Math.floor((x.height + 2 * padding - kernel) / stride) + 1;
  const width = Math.floor((x.width + 2 * padding - kernel) / stride) + 1;
  const at = (channel: number, row: number, column: number): number =>
    row < 0 || column < 0 || row >= x.height || column >= x.width
      ? 0
      : x.values[(channel * x.height + row) * x.width + column]!;
  const values = new Float64Array(channels * height * width);
  for (let output = 0; output < channels; output++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        let sum = 0;
        let i = output * x.channels * kernel * kernel;
        for (let channel = 0; channel < x.channels; channel++) {
          for (let down = 0; down < kernel; down++) {
            for (let right = 0; right < kernel; right++) {
              const [y, z] = [row * stride + down - padding, column * stride + right - padding];
              sum += weight[i++]! * at(channel, y, z);
            }
          }
        }
        values[(output * height + row) * width + column] = sum;
      }
    }
  }
  return { channels, height, width, values };
}

/** Eight channels have one mean and one variance. */
function normedAndRectified(x: Maps, scale: Float32Array, shift: Float32Array): Maps {
  const places = x.height * x.width;
  const values = new Float64Array(x.values.length);
  for (let begin = 0; begin < values.length; begin += 8 * places) {
    const group = x.values.subarray(begin, begin + 8 * places);
    const mean = group.reduce((sum, value) => sum + value, 0) / group.length;
    const variance = group.reduce((sum, value) => sum + (value - mean) ** 2, 0) / group.length;
    for (const [i, value] of group.entries()) {
      const channel = Math.floor((begin + i) / places);
      const normed = (value - mean) / Math.sqrt(variance + 1e-5);
      values[begin + i] = Math.max(0, normed * scale[channel]! + shift[channel]!);
    }
  }
  return { ...x, values };
}

/** x and y, from -1 to 1, where a map's softmax expects its keypoint. */
function expectedPlace(
  { height, width, values }: Maps,
  channel: number,
  score: (value: number) => number,
): [number, number] {
  const map = values.subarray(channel * height * width, (channel + 1) * height * width);
  const weights = Array.from(map, (value) => Math.exp(score(value)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let [x, y] = [0, 0];
  for (const [i, weight] of weights.entries()) {
    const [row, column] = [Math.floor(i / width), i % width];
    x += (weight / total) * (width === 1 ? -1 : -1 + (2 * column) / (width - 1));
    y += (weight / total) * (height === 1 ? -1 : -1 + (2 * row) / (height - 1));
  }
  return [x, y];
}
