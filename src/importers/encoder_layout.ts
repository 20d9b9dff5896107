import type { Layout } from './denoiser_layout.js';

/** Channels of ResNet18's four stages. */
const STAGES = [64, 128, 256, 512];

/**
 * Tensors of `encoder.safetensors`. Names are `INPUT.PART`, with the parts of each image input:
 *
 * - `backbone.conv1.weight`, `backbone.bn1.weight|bias` (a GroupNorm, groups = channels / 16)
 * - `backbone.layerS.B.conv1.weight`, `.bn1.*`, `.conv2.weight`, `.bn2.*` for stage S 1..4, block B 0..1, and
 *   `backbone.layerS.0.downsample.0.weight`, `.downsample.1.*` for stages 2..4, as in torchvision's ResNet18
 * - `pool.weight` (keypoints, 512, 1, 1), `pool.bias`: convolution of the SpatialSoftmax;
 *   `pool.temperature` (1)
 * - `linear.weight` (feature_dim, 2 * keypoints), `linear.bias`
 */
export function encoderLayout(
  inputs: readonly string[],
  keypoints: number,
  featureDim: number,
): Layout {
  const layout = new Map<string, readonly number[]>();
  for (const input of inputs) {
    const norm = (name: string, channels: number): void => {
      layout.set(`${name}.weight`, [channels]).set(`${name}.bias`, [channels]);
    };
    const backbone = `${input}.backbone`;
    layout.set(`${backbone}.conv1.weight`, [64, 3, 7, 7]);
    norm(`${backbone}.bn1`, 64);
    let into = 64;
    for (const [stage, channels] of STAGES.entries()) {
      for (const index of [0, 1]) {
        const block = `${backbone}.layer${stage + 1}.${index}`;
        layout.set(`${block}.conv1.weight`, [channels, into, 3, 3]);
        norm(`${block}.bn1`, channels);
        layout.set(`${block}.conv2.weight`, [channels, channels, 3, 3]);
        norm(`${block}.bn2`, channels);
        if (into !== channels) {
          layout.set(`${block}.downsample.0.weight`, [channels, into, 1, 1]);
          norm(`${block}.downsample.1`, channels);
        }
        into = channels;
      }
    }
    layout.set(`${input}.pool.weight`, [keypoints, 512, 1, 1]);
    layout.set(`${input}.pool.bias`, [keypoints]);
    layout.set(`${input}.pool.temperature`, [1]);
    layout.set(`${input}.linear.weight`, [featureDim, 2 * keypoints]);
    layout.set(`${input}.linear.bias`, [featureDim]);
  }
  return layout;
}

/** Indices of robomimic's `ResNet18Conv.nets` that hold tensors (2 is the ReLU, 3 the max-pool). */
const BACKBONE_PARTS = new Map([
  ['0', 'conv1'],
  ['1', 'bn1'],
  ['4', 'layer1'],
  ['5', 'layer2'],
  ['6', 'layer3'],
  ['7', 'layer4'],
]);

/**
 * The name in {@link encoderLayout} of a tensor under upstream's `obs_encoder.obs_nets.`, which wraps the
 * modules of robomimic's `VisualCore` and names most of them twice.
 * @returns the name; null for constants that follow from the sizes; undefined for anything unknown
 */
export function encoderTensorName(wrapped: string): string | null | undefined {
  const backbone = /^(\w+)\.(?:backbone|nets\.0)\.nets\.(\d+)\.(.+)$/.exec(wrapped);
  if (backbone) {
    const part = BACKBONE_PARTS.get(backbone[2]!);
    return part && `${backbone[1]}.backbone.${part}.${backbone[3]}`;
  }
  const pool = /^(\w+)\.(?:pool|nets\.1)\.(nets\.weight|nets\.bias|temperature|pos_x|pos_y)$/.exec(
    wrapped,
  );
  if (pool) {
    // The grid of keypoint coordinates, -1 to 1.
    if (pool[2]!.startsWith('pos_')) return null;
    return `${pool[1]}.pool.${pool[2]!.replace('nets.', '')}`;
  }
  const linear = /^(\w+)\.nets\.3\.(weight|bias)$/.exec(wrapped);
  return linear ? `${linear[1]}.linear.${linear[2]}` : undefined;
}
