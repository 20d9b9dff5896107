import type { Encoder } from '../../policy/encoder_schema.js';
import type { PolicyPackage, Weights } from '../../policy/policy_package.js';
import { table } from '../terminal.js';
import type { Description } from './description.js';

/** A policy package: what it observes, what it does, how it is built and where it came from. */
export function describePolicy({
  directory,
  manifest,
  sha256,
  denoiser,
  encoder,
}: PolicyPackage): Description {
  const { architecture: a, noise_scheduler: noise, action, inputs, provenance } = manifest;
  const sources = manifest.observation_sources ?? [];
  const count = (weights: Weights | undefined): number => weights?.names().length ?? 0;
  const unit = Array.isArray(action.unit) ? action.unit.join(' ') : (action.unit ?? 'not given');
  const attention = a.causal ? 'causal' : 'not causal';
  const facts = {
    kind: 'policy',
    directory,
    sha256,
    manifest,
    tensors: { denoiser: count(denoiser), encoder: count(encoder) },
  };
  const rows = [
    ['policy', directory],
    ['sha256', sha256],
    [
      'denoiser',
      `${a.layers} layers, ${a.heads} heads, E ${a.embedding}, ${attention}, ${a.n_cond_layers} condition layers`,
    ],
    [
      'chunk',
      `T ${a.horizon}, To ${a.n_obs_steps}, executes ${a.n_action_steps} from step ${a.first_action_step}`,
    ],
    [
      'noise',
      `${noise.kind}, ${noise.steps} of ${noise.train_steps} steps, ${noise.beta_schedule}, predicts ${noise.prediction_type}`,
    ],
    ...inputs.map((input) => [
      `input ${input.name}`,
      input.kind === 'vector'
        ? `${input.size} values`
        : `image ${input.size.join('x')}, crop ${input.crop.join('x')}`,
    ]),
    ...(manifest.encoder ? [['encoder', describeEncoder(manifest.encoder)]] : []),
    ...sources.map((source) => [`source ${source.name}`, `${source.topic} (${source.type})`]),
    ...(sources.length === 0 ? [['sources', 'none: replay and the node need some']] : []),
    [
      'action',
      `${a.action_dim} values, unit ${unit}, ${action.mode ?? 'mode not given'}, ${action.rate_hz ? `${action.rate_hz} Hz` : 'rate not given'}`,
    ],
    ['joints', action.joint_names?.join(' ') ?? 'not given'],
    ['imported from', `${provenance.source} (${provenance.importer})`],
  ];
  return { facts, text: table(['', ''], rows).trimStart() };
}

/** What turns the pictures of each camera into features. */
function describeEncoder(encoder: Encoder): string {
  const trunk =
    encoder.kind === 'resnet18_spatial_softmax'
      ? 'ResNet18'
      : `convolutions of ${encoder.convolutions.map(({ channels }) => channels).join(', ')} channels`;
  return `${trunk}, ${encoder.keypoints} keypoints, ${encoder.feature_dim} features`;
}
