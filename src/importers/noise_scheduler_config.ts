import type { NoiseScheduler } from '../policy/manifest.js';
import type { TrainingConfig } from './training_config.js';

const KEY = 'policy.noise_scheduler';

/** What a scheduler of the diffusers library may be given here, beside settings refused when they are on. */
const KNOWN = new Set([
  '_target_',
  'num_train_timesteps',
  'beta_start',
  'beta_end',
  'beta_schedule',
  'variance_type',
  'clip_sample',
  'clip_sample_range',
  'prediction_type',
  'set_alpha_to_one',
  'steps_offset',
  // Only mean something with thresholding.
  'dynamic_thresholding_ratio',
  'sample_max_value',
]);
/** Settings that change the result, with the only value supported. */
const ONLY: Readonly<Record<string, unknown>> = {
  thresholding: false,
  trained_betas: undefined,
  timestep_spacing: 'leading',
  rescale_betas_zero_snr: false,
};

/**
 * The noise scheduler that a policy's configuration describes; what it leaves out has the defaults of the
 * diffusers library (DDPMScheduler, DDIMScheduler).
 * @throws BadInput naming the setting that is not supported
 */
export function noiseSchedulerFrom(config: TrainingConfig): NoiseScheduler {
  const className = config.className(KEY);
  if (className !== 'DDPMScheduler' && className !== 'DDIMScheduler') {
    throw config.bad(
      `${KEY}._target_`,
      `is ${className ?? 'missing'}, supported are DDPMScheduler and DDIMScheduler`,
    );
  }
  for (const key of config.keys(KEY)) {
    const value = config.value(`${KEY}.${key}`);
    const supported = Object.hasOwn(ONLY, key)
      ? value === ONLY[key] || value === undefined
      : KNOWN.has(key);
    if (!supported) throw config.bad(`${KEY}.${key}`, 'is a setting that is not supported');
  }
  refuseStepOptions(config);
  const trainSteps = config.integer(`${KEY}.num_train_timesteps`, 1000);
  const clips = config.boolean(`${KEY}.clip_sample`, true);
  const isDdim = className === 'DDIMScheduler';
  return {
    kind: isDdim ? 'ddim' : 'ddpm',
    train_steps: trainSteps,
    steps: config.integer('policy.num_inference_steps', trainSteps),
    beta_schedule: config.choice(
      `${KEY}.beta_schedule`,
      ['linear', 'scaled_linear', 'squaredcos_cap_v2', 'sigmoid'],
      'linear',
    ),
    beta_start: config.number(`${KEY}.beta_start`, 0.0001),
    beta_end: config.number(`${KEY}.beta_end`, 0.02),
    prediction_type: config.choice(
      `${KEY}.prediction_type`,
      ['epsilon', 'sample', 'v_prediction'],
      'epsilon',
    ),
    clip_range: clips ? config.number(`${KEY}.clip_sample_range`, 1) : null,
    variance: config.choice(
      `${KEY}.variance_type`,
      ['fixed_small', 'fixed_small_log', 'fixed_large'],
      'fixed_small',
    ),
    set_alpha_to_one: config.boolean(`${KEY}.set_alpha_to_one`, true),
    steps_offset: config.integer(`${KEY}.steps_offset`, 0),
  };
}

/** A policy hands options it does not know to the scheduler's `step`; those that change the result are refused. */
function refuseStepOptions(config: TrainingConfig): void {
  for (const key of ['eta', 'use_clipped_model_output', 'predict_epsilon']) {
    const value = config.value(`policy.${key}`);
    if (value !== undefined && value !== false && value !== 0) {
      throw config.bad(`policy.${key}`, 'is an option of the scheduler that is not supported');
    }
  }
}
