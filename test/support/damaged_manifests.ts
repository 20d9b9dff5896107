import type { PolicyManifest } from '../../src/policy/manifest.js';

type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;
/** A manifest that may be made wrong. */
type Manifest = Mutable<PolicyManifest> & Record<string, unknown>;

/** One thing that is wrong in a `policy.json`, and how the message must name it. */
export interface DamagedManifest {
  readonly name: string;
  readonly change: (manifest: Manifest) => void;
  readonly field: string;
}

const set =
  (path: string, value: unknown) =>
  (manifest: Manifest): void => {
    const keys = path.split('.');
    let at: Record<string, unknown> = manifest;
    for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
    at[keys.at(-1)!] = value;
  };
const wrong = (path: string, value: unknown, name: string, field = path): DamagedManifest => ({
  name,
  change: set(path, value),
  field,
});

/** An encoder of pictures of which something is wrong. */
const wrongEncoder = (
  changes: Readonly<Record<string, unknown>>,
  name: string,
  field: string,
): DamagedManifest =>
  wrong(
    'encoder',
    {
      ...{ kind: 'conv_spatial_softmax', feature_dim: 8, keypoints: 4 },
      convolutions: [{ channels: 16, kernel: 3, stride: 2 }],
      ...changes,
    },
    name,
    `encoder.${field}`,
  );
const wrongConvolution = (change: object, name: string, field: string): DamagedManifest =>
  wrongEncoder(
    { convolutions: [{ channels: 16, kernel: 3, stride: 2, ...change }] },
    name,
    `convolutions.0${field}`,
  );

/** Wrong in one place each; made from any manifest of a policy without cameras. */
export const damagedManifests: readonly DamagedManifest[] = [
  wrong('format', 'bac_policy/policy@2', 'a version of the future'),
  wrong('colour', 'red', 'an unknown field'),
  wrong('architecture.colour', 'red', 'an unknown field in the architecture', 'architecture'),
  wrong('architecture.kind', 'unet', 'an unknown network'),
  wrong('architecture.heads', 5, 'heads that do not divide E', 'architecture: embedding is not'),
  wrong('architecture.heads', 0, 'no heads'),
  wrong('architecture.layers', 1e9, 'too many layers'),
  wrong('architecture.horizon', 2.5, 'half a token'),
  wrong('architecture.first_action_step', 9, 'actions beyond the horizon', 'beyond the horizon'),
  wrong('architecture.condition_dim', 3, 'a condition of another width', 'inputs'),
  wrong('noise_scheduler.steps', 1000, 'more steps than trained', 'noise_scheduler'),
  wrong('noise_scheduler.steps', 0, 'no steps'),
  wrong('noise_scheduler.steps_offset', 100, 'timesteps that do not exist', 'steps_offset'),
  wrong('noise_scheduler.beta_end', 1, 'a beta of 1'),
  wrong('noise_scheduler.beta_start', null, 'no beta'),
  {
    name: 'betas that leave no signal',
    change: (manifest) => {
      Object.assign(manifest.noise_scheduler, {
        ...{ train_steps: 1000, steps: 1000, beta_schedule: 'linear' },
        ...{ beta_start: 0.5, beta_end: 0.9 },
      });
    },
    field: 'leave no signal',
  },
  wrong('noise_scheduler.clip_range', -1, 'a negative clip range'),
  wrong('noise_scheduler.prediction_type', 'magic', 'an unknown prediction'),
  wrong('inputs', [], 'no inputs'),
  wrong('inputs.0.normaliser.scale', [1], 'a normaliser that is too short', 'inputs.0.normaliser'),
  wrong('action.normaliser.scale.0', 0, 'a scale of 0', 'action.normaliser.scale'),
  wrong('action.joint_names', ['one'], 'too few joint names'),
  wrong('files', {}, 'no weights'),
  wrong('files.denoiser\u0000', 1, 'a file name with a control character', 'files'),
  wrong('provenance.source_sha256', 'abc', 'a digest that is none'),
  wrongEncoder({ kind: 'vit' }, 'an unknown encoder', 'kind: must be resnet18_spatial_softmax or'),
  wrongEncoder({ convolutions: undefined }, 'no list of convolutions', 'convolutions'),
  wrongEncoder({ convolutions: [] }, 'an empty list of convolutions', 'convolutions'),
  wrongEncoder(
    { convolutions: Array(17).fill({ channels: 8, kernel: 1, stride: 1 }) },
    'too many convolutions',
    'convolutions',
  ),
  wrongEncoder({ keypoints: 0 }, 'no keypoints', 'keypoints'),
  wrongConvolution(
    { channels: 12 },
    'half a group of channels',
    '.channels: must be a multiple of 8',
  ),
  wrongConvolution({ channels: 0 }, 'no channels', '.channels'),
  wrongConvolution({ kernel: 4 }, 'an even kernel', '.kernel: must be odd'),
  wrongConvolution({ kernel: -1 }, 'a negative kernel', '.kernel'),
  wrongConvolution({ stride: 0 }, 'a stride of 0', '.stride'),
  wrongConvolution({ padding: 1 }, 'a convolution with an unknown field', ': Unrecognized key'),
  ...(
    [
      [64, 4, 'convolutions.0: makes 64 x 4096 x 4096 values of front, which are too many'],
      [8, 16, 'keypoints: makes 16 x 4096 x 4096 values of front'],
    ] as const
  ).map(([channels, keypoints, field]): DamagedManifest => ({
    name: `pictures that become too large at ${field.slice(0, field.indexOf(':'))}`,
    change: (manifest) => {
      manifest.inputs.push({
        ...{ name: 'front', kind: 'image', size: [8192, 8192], crop: [8192, 8192] },
        normaliser: { scale: [1, 1, 1], offset: [0, 0, 0] },
      });
      manifest.encoder = {
        ...{ kind: 'conv_spatial_softmax', feature_dim: 8, keypoints },
        convolutions: [{ channels, kernel: 3, stride: 2 }],
      };
    },
    field: `encoder.${field}`,
  })),
];
