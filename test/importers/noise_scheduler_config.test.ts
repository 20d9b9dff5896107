import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import { noiseSchedulerFrom } from '../../src/importers/noise_scheduler_config.js';
import type { NoiseScheduler } from '../../src/policy/manifest.js';
import { configFrom } from './config_from.js';

const from = (settings: object, policy: object = {}): NoiseScheduler =>
  noiseSchedulerFrom(
    configFrom({
      policy: {
        noise_scheduler: {
          _target_: 'diffusers.schedulers.scheduling_ddpm.DDPMScheduler',
          ...settings,
        },
        ...policy,
      },
    }),
  );

describe('noise scheduler config', () => {
  it("has diffusers' defaults", () => {
    assert.deepEqual(from({}), {
      kind: 'ddpm',
      train_steps: 1000,
      steps: 1000,
      beta_schedule: 'linear',
      beta_start: 0.0001,
      beta_end: 0.02,
      prediction_type: 'epsilon',
      clip_range: 1,
      variance: 'fixed_small',
      set_alpha_to_one: true,
      steps_offset: 0,
    });
  });

  it('takes every supported setting', () => {
    const settings = {
      _target_: 'diffusers.DDIMScheduler',
      num_train_timesteps: 50,
      beta_schedule: 'squaredcos_cap_v2',
      beta_start: 0.001,
      beta_end: 0.01,
      prediction_type: 'sample',
      clip_sample_range: 2.5,
      set_alpha_to_one: false,
      steps_offset: 1,
      thresholding: false,
      timestep_spacing: 'leading',
      trained_betas: null,
    };
    assert.deepEqual(from(settings, { num_inference_steps: 8, eta: 0 }), {
      kind: 'ddim',
      train_steps: 50,
      steps: 8,
      beta_schedule: 'squaredcos_cap_v2',
      beta_start: 0.001,
      beta_end: 0.01,
      prediction_type: 'sample',
      clip_range: 2.5,
      variance: 'fixed_small',
      set_alpha_to_one: false,
      steps_offset: 1,
    });
    assert.equal(from({ clip_sample: false }).clip_range, null);
  });

  it('refuses by name what it does not support', () => {
    const refuses = (expected: RegExp, settings: object, policy?: object): void => {
      assert.throws(
        () => from(settings, policy),
        (error) => error instanceof BadInput && expected.test(error.message),
      );
    };
    refuses(/_target_ is EulerScheduler/, { _target_: 'diffusers.EulerScheduler' });
    refuses(/_target_ is missing/, { _target_: null });
    refuses(/thresholding/, { thresholding: true });
    refuses(/trained_betas/, { trained_betas: [0.1] });
    refuses(/timestep_spacing/, { timestep_spacing: 'trailing' });
    refuses(/rescale_betas_zero_snr/, { rescale_betas_zero_snr: true });
    refuses(/variance_type is "learned"/, { variance_type: 'learned' });
    refuses(/beta_schedule is "laplace"/, { beta_schedule: 'laplace' });
    refuses(/new_setting/, { new_setting: 1 });
    refuses(/policy\.eta/, {}, { eta: 0.5 });
    refuses(/policy\.predict_epsilon/, {}, { predict_epsilon: true });
    refuses(/num_train_timesteps is "many"/, { num_train_timesteps: 'many' });
  });
});
