import { z } from 'zod';
import { BadInput } from '../errors.js';
import { encoderSchema, tooLargeLayer } from './encoder_schema.js';
import { denoisingSteps } from './noise_schedule.js';

/** The `format` of every policy package this version reads and writes. */
export const POLICY_FORMAT = 'bac_policy/policy@1';

const positive = z.int().positive();
const finite = z.number();
const beta = z.number().gt(0).lt(1);
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal');
const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be letters, digits and underscores');

/** Affine map of physical to normalised values, per dimension: normalised = physical * scale + offset. */
const normaliser = z
  .strictObject({ scale: z.array(finite).min(1), offset: z.array(finite).min(1) })
  .refine((n) => n.scale.length === n.offset.length, 'scale and offset differ in length');

/** The transformer diffusion policy (DP-T) of Chi et al. 2023, `TransformerForDiffusion`. */
const architecture = z
  .strictObject({
    kind: z.literal('transformer_for_diffusion'),
    /** L, decoder layers. */
    layers: positive.max(256),
    heads: positive.max(256),
    /** E, width of a token. */
    embedding: positive.max(16384),
    /** T, action tokens denoised at once. */
    horizon: positive.max(4096),
    /** To, observations the policy looks at. */
    n_obs_steps: positive.max(4096),
    /** Ta, actions executed of each chunk. */
    n_action_steps: positive.max(4096),
    /** First action of a chunk that is executed: To - 1, or 0 for policies that predict only these. */
    first_action_step: z.int().nonnegative(),
    /** Whether an action token sees only earlier ones (and observations up to its own time). */
    causal: z.boolean(),
    /** Layers of the condition encoder; 0 is a two-layer perceptron per token. */
    n_cond_layers: z.int().nonnegative().max(256),
    /** A. */
    action_dim: positive.max(4096),
    /** Dc, width of one encoded and normalised observation. */
    condition_dim: positive.max(1_000_000),
  })
  .refine((a) => a.embedding % a.heads === 0, 'embedding is not divisible by heads')
  .refine((a) => a.embedding % 2 === 0 && a.embedding >= 4, 'embedding must be even and at least 4')
  .refine(
    (a) => a.first_action_step + a.n_action_steps <= a.horizon,
    'the executed actions reach beyond the horizon',
  );

/** Noise scheduler with the meaning of the diffusers library's DDPMScheduler / DDIMScheduler. */
const noiseScheduler = z
  .strictObject({
    kind: z.enum(['ddpm', 'ddim']),
    /** Steps the schedule was trained with. */
    train_steps: positive.max(100_000),
    /** K, denoising steps at inference. */
    steps: positive.max(100_000),
    beta_schedule: z.enum(['linear', 'scaled_linear', 'squaredcos_cap_v2', 'sigmoid']),
    /** Shares of variance, above 0 and below 1: at 1 nothing of the signal would be left to divide by. */
    beta_start: beta,
    beta_end: beta,
    /** What the network predicts. */
    prediction_type: z.enum(['epsilon', 'sample', 'v_prediction']),
    /** Range the predicted sample is clipped to, or null. */
    clip_range: z.number().positive().nullable(),
    /** Variance of the noise added at each step (DDPM only). */
    variance: z.enum(['fixed_small', 'fixed_small_log', 'fixed_large']),
    /** DDIM: whether the step after the last has alpha 1 (else alpha of timestep 0). */
    set_alpha_to_one: z.boolean(),
    /** Added to every timestep (DDIM of Stable Diffusion: 1). */
    steps_offset: z.int().nonnegative(),
  })
  .refine(
    (s) => s.steps <= s.train_steps,
    'more inference steps than the schedule was trained with',
  )
  .refine(
    (s) => (s.steps - 1) * Math.floor(s.train_steps / s.steps) + s.steps_offset < s.train_steps,
    'steps_offset leads beyond the timesteps the schedule was trained with',
  );

const vectorInput = z.strictObject({
  name,
  kind: z.literal('vector'),
  size: positive.max(1_000_000),
  normaliser,
});
const imageInput = z.strictObject({
  name,
  kind: z.literal('image'),
  /** Pixels the policy expects, [height, width]. */
  size: z.tuple([positive.max(8192), positive.max(8192)]),
  /** Centre crop, [height, width]. */
  crop: z.tuple([positive.max(8192), positive.max(8192)]),
  /** Of the three channels, on values in [0, 1]. */
  normaliser,
});

const vectorSource = {
  name,
  topic: z.string().min(1),
  /** Which policy input this source fills, or a part of; without it the only vector input. */
  input: name.optional(),
};
const observationSource = z.discriminatedUnion('type', [
  z.strictObject({
    ...vectorSource,
    type: z.literal('sensor_msgs/msg/JointState'),
    field: z.enum(['position', 'velocity', 'effort']),
    names: z.array(z.string().min(1)).min(1),
  }),
  z.strictObject({
    ...vectorSource,
    type: z.literal('geometry_msgs/msg/PoseStamped'),
    /** `pose` is position xyz, then quaternion xyzw. */
    field: z.enum(['pose', 'position', 'orientation']),
  }),
  z.strictObject({
    ...vectorSource,
    type: z.literal('std_msgs/msg/Float64MultiArray'),
    field: z.literal('data'),
    size: positive.max(1_000_000),
  }),
  z.strictObject({
    ...vectorSource,
    type: z.enum(['sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage']),
    size: z.tuple([positive.max(8192), positive.max(8192)]),
    crop: z.tuple([positive.max(8192), positive.max(8192)]).optional(),
  }),
]);

const action = z.strictObject({
  normaliser,
  /** One name per action dimension, in order; absent where the checkpoint did not say. */
  joint_names: z.array(z.string().min(1)).min(1).optional(),
  /** Unit of the executed action. Of one joint (`rad`) or one per joint (`["rad", ..., "m"]`). */
  unit: z.union([z.string(), z.array(z.string())]).optional(),
  /** Whether an action is a joint position or the change of one. */
  mode: z.enum(['absolute', 'delta']).optional(),
  /** Control rate, Hz: actions of a chunk are 1 / rate apart. */
  rate_hz: z.number().positive().max(10_000).optional(),
});

const learnedFile = z.strictObject({ sha256: digest, bytes: z.int().nonnegative() });

const manifest = z
  .strictObject({
    format: z.literal(POLICY_FORMAT),
    architecture,
    noise_scheduler: noiseScheduler,
    /** What one observation consists of; encoded in this order they are the condition. */
    inputs: z.array(z.discriminatedUnion('kind', [vectorInput, imageInput])).min(1),
    /** How image inputs become features; absent for policies without images. */
    encoder: encoderSchema.optional(),
    action,
    observation_sources: z.array(observationSource).optional(),
    provenance: z.strictObject({
      /** Name of the file it was imported from. */
      source: z.string(),
      source_sha256: digest,
      importer: z.string(),
      importer_version: z.string(),
      /** Which of the checkpoint's state dicts was taken. */
      weights: z.string().optional(),
    }),
    files: z.record(z.string().regex(/^[A-Za-z0-9_.-]+$/), learnedFile),
  })
  .superRefine((m, context) => {
    const issue = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: path.split('.'), message });
    };
    const images = m.inputs.filter((input) => input.kind === 'image');
    if (images.length > 0 && !m.encoder) issue('encoder', 'is missing, but there are image inputs');
    if (m.encoder?.kind === 'conv_spatial_softmax') {
      for (const { name, crop } of images) {
        const large = tooLargeLayer(m.encoder, crop);
        if (!large) continue;
        const values = large.shape.join(' x ');
        issue(`encoder.${large.field}`, `makes ${values} values of ${name}, which are too many`);
      }
    }
    const width = m.inputs.reduce(
      (sum, input) => sum + (input.kind === 'vector' ? input.size : (m.encoder?.feature_dim ?? 0)),
      0,
    );
    if (width !== m.architecture.condition_dim) {
      issue(
        'inputs',
        `encode to ${width} values, condition_dim is ${m.architecture.condition_dim}`,
      );
    }
    for (const [i, input] of m.inputs.entries()) {
      const expected = input.kind === 'vector' ? input.size : 3;
      if (input.normaliser.scale.length !== expected) {
        issue(
          `inputs.${i}.normaliser`,
          `has ${input.normaliser.scale.length} values, not ${expected}`,
        );
      }
    }
    const dim = m.architecture.action_dim;
    for (const [field, values] of [
      ['normaliser', m.action.normaliser.scale],
      ['joint_names', m.action.joint_names],
      ['unit', Array.isArray(m.action.unit) ? m.action.unit : undefined],
    ] as const) {
      if (values && values.length !== dim) {
        issue(`action.${field}`, `has ${values.length} values, action_dim is ${dim}`);
      }
    }
    if (m.action.normaliser.scale.includes(0)) issue('action.normaliser.scale', 'holds a zero');
    if (!m.files['denoiser.safetensors']) issue('files', 'does not list denoiser.safetensors');
  });

/** `policy.json`: everything about a learned policy except its weights. */
export type PolicyManifest = z.infer<typeof manifest>;
export type Architecture = PolicyManifest['architecture'];
export type NoiseScheduler = PolicyManifest['noise_scheduler'];
export type PolicyInput = PolicyManifest['inputs'][number];
export type ImageInput = Extract<PolicyInput, { kind: 'image' }>;
export type ObservationSource = NonNullable<PolicyManifest['observation_sources']>[number];
export type ActionSpec = PolicyManifest['action'];

/** Schemas the importer checks its options file with. */
export const observationSourcesSchema = z.array(observationSource);
export const actionOptionsSchema = action.omit({ normaliser: true });

/** Checks the parsed text of a `policy.json`. @throws BadInput naming the first wrong field */
export function parseManifest(value: unknown, where: string): PolicyManifest {
  const todo = 'import the checkpoint again';
  const parsed = parseWith(manifest, value, where, todo);
  const coefficients = denoisingSteps(parsed.noise_scheduler).flatMap(Object.values);
  if (!coefficients.every(Number.isFinite)) {
    throw new BadInput('noise_scheduler: the betas leave no signal, or no noise', where, todo);
  }
  return parsed;
}

/** Runs a zod schema and turns its first issue into one readable line. */
export function parseWith<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: string,
  todo: string,
): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.join('.') || 'the top level';
  throw new BadInput(`${field}: ${issue.message}`, where, todo);
}
