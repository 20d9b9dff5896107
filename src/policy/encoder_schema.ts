import { z } from 'zod';

/** Channels that are normed together in a `conv_spatial_softmax` encoder. */
export const CHANNELS_PER_GROUP = 8;

/** Values that one layer may make of a picture: 512 MiB of 32-bit floats. */
const MAX_VALUES = 2 ** 27;

const width = z.int().positive().max(65536);

/** What all encoders end with: a SpatialSoftmax and a linear layer. */
const head = {
  /** Width of the features of one image. */
  feature_dim: width,
  keypoints: width,
};

const convolution = z.strictObject({
  channels: z
    .int()
    .positive()
    .max(4096)
    .multipleOf(CHANNELS_PER_GROUP, `must be a multiple of ${CHANNELS_PER_GROUP}`),
  /** Height and width; odd, so that a padding of (kernel - 1) / 2 keeps the picture in its place. */
  kernel: z
    .int()
    .positive()
    .max(63)
    .refine((size) => size % 2 === 1, 'must be odd'),
  stride: z.int().positive().max(16),
});

/** How image inputs become features, `encoder` of a `policy.json`. */
export const encoderSchema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('resnet18_spatial_softmax'), ...head }),
    z.strictObject({
      kind: z.literal('conv_spatial_softmax'),
      /** In their order; each without bias, then GroupNorm and ReLU. */
      convolutions: z.array(convolution).min(1).max(16),
      ...head,
    }),
  ],
  'must be resnet18_spatial_softmax or conv_spatial_softmax',
);

/** How image inputs become features. */
export type Encoder = z.infer<typeof encoderSchema>;
export type ConvolutionSpec = z.infer<typeof convolution>;

/**
 * The first layer that makes more of a picture than memory should hold.
 * @param crop [height, width] of the picture
 * @returns the layer's field of the encoder, and the shape [channels, height, width] of what it makes; undefined =
 *   there is none
 */
export function tooLargeLayer(
  { convolutions, keypoints }: Extract<Encoder, { kind: 'conv_spatial_softmax' }>,
  crop: readonly [number, number],
): { readonly field: string; readonly shape: readonly number[] } | undefined {
  const layers = [
    ...convolutions.map((spec, i) => ({ ...spec, field: `convolutions.${i}` })),
    { field: 'keypoints', channels: keypoints, stride: 1 },
  ];
  let size: readonly number[] = crop;
  for (const { field, channels, stride } of layers) {
    size = size.map((length) => Math.ceil(length / stride));
    const shape = [channels, ...size];
    if (shape.reduce((product, length) => product * length) > MAX_VALUES) return { field, shape };
  }
  return undefined;
}
