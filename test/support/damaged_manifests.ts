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
];
