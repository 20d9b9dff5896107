import { BadInput } from '../errors.js';
import { elementCount, floatTensor, type Tensor } from '../policy/safetensors.js';
import type { DriftReference } from './drift_distance.js';
import { THUMBNAIL_SIZE } from './thumbnail.js';

/** What the constants of a plan that belong to the drift monitor are called. */
const PREFIX = 'drift.';
const PICTURE = `${PREFIX}picture.`;
const THRESHOLDS = 3;

/** A drift reference as constants of a plan, to be written beside those of its correction. */
export function driftConstants(reference: DriftReference): Map<string, Tensor> {
  const { width } = reference;
  const vector = (values: Float32Array): Tensor => floatTensor([values.length], values);
  return new Map([
    [`${PREFIX}whitening`, floatTensor([width, width], reference.whitening)],
    [`${PREFIX}points`, floatTensor([reference.points.length / width, width], reference.points)],
    [`${PREFIX}low`, vector(reference.low)],
    [`${PREFIX}high`, vector(reference.high)],
    [`${PREFIX}span`, vector(reference.span)],
    [`${PREFIX}thresholds`, vector(reference.thresholds)],
    ...[...reference.pictures].map(
      ([name, { usual, threshold }]) =>
        [PICTURE + name, vector(Float32Array.of(...usual, threshold))] as const,
    ),
  ]);
}

/**
 * The drift reference among the constants of a plan; undefined where there is none.
 * @param width To * Dc of the policy
 * @throws BadInput when a tensor is missing, of another shape, or holds what no distance can be taken from
 */
export function readDriftReference(
  constants: ReadonlyMap<string, Tensor>,
  width: number,
  where: string,
): DriftReference | undefined {
  if (![...constants.keys()].some((name) => name.startsWith(PREFIX))) return undefined;
  const floats = (name: string, shape: readonly (number | undefined)[]): Float32Array => {
    const tensor = constants.get(PREFIX + name);
    const refuse = (what: string): BadInput =>
      new BadInput(`'${PREFIX}${name}' ${what}`, where, 'make the plan again');
    if (!(tensor?.data instanceof Float32Array)) throw refuse('is missing or no F32 tensor');
    const fits =
      tensor.shape.length === shape.length &&
      tensor.shape.every((size, i) => size === (shape[i] ?? size));
    const wanted = shape.map((size) => size ?? 'n').join(', ');
    if (!fits || elementCount(tensor.shape) === 0) {
      throw refuse(`is (${tensor.shape.join(', ')}), this policy needs (${wanted})`);
    }
    if (!tensor.data.every(Number.isFinite)) throw refuse('holds numbers that are not finite');
    return tensor.data;
  };
  const positive = (name: string, size: number): Float32Array => {
    const values = floats(name, [size]);
    if (values.every((value) => value > 0)) return values;
    throw new BadInput(
      `'${PREFIX}${name}' holds what is not above 0`,
      where,
      'make the plan again',
    );
  };
  return {
    width,
    whitening: floats('whitening', [width, width]),
    points: floats('points', [undefined, width]),
    low: floats('low', [width]),
    high: floats('high', [width]),
    span: positive('span', width),
    thresholds: positive('thresholds', THRESHOLDS),
    pictures: new Map(
      [...constants.keys()]
        .filter((name) => name.startsWith(PICTURE))
        .map((name) => {
          const values = floats(name.slice(PREFIX.length), [THUMBNAIL_SIZE ** 2 + 1]);
          const threshold = values.at(-1)!;
          if (threshold > 0)
            return [name.slice(PICTURE.length), { usual: values.slice(0, -1), threshold }];
          throw new BadInput(`'${name}' has no threshold above 0`, where, 'make the plan again');
        }),
    ),
  };
}
