import assert from 'node:assert/strict';
import {
  importDiffusionPolicy,
  type ImportedPolicy,
} from '../../src/importers/diffusion_policy.js';

const read = (name: string): Promise<ImportedPolicy> =>
  importDiffusionPolicy(`test/fixtures/checkpoints/${name}.ckpt`);

/** Checkpoints that torch, dill and OmegaConf wrote (test/reference/make_checkpoints.py). */
describe('checkpoints with other settings', () => {
  it('has a transformer as condition encoder', async () => {
    const { description, contents } = await read('cond_layers');
    assert.equal(description.architecture.n_cond_layers, 2);
    assert.ok(contents.denoiser.has('encoder.layers.1.self_attn.in_proj_weight'));
    assert.ok(!contents.denoiser.has('encoder.0.weight'));
  });

  it('is not causal, with other horizons', async () => {
    const { architecture, noise_scheduler: noise } = (await read('non_causal')).description;
    const { causal, horizon, n_obs_steps: To, n_action_steps: Ta, heads } = architecture;
    assert.deepEqual([causal, horizon, To, Ta, heads], [false, 16, 3, 5, 2]);
    assert.equal(architecture.first_action_step, 2);
    assert.equal(noise.variance, 'fixed_small_log');
  });

  it('has a DDIM scheduler with fewer steps than in training', async () => {
    const { noise_scheduler: noise } = (await read('ddim')).description;
    assert.deepEqual([noise.kind, noise.steps, noise.train_steps], ['ddim', 16, 100]);
  });

  it('predicts the sample, or does not clip', async () => {
    const { noise_scheduler: sample } = (await read('sample_prediction')).description;
    assert.deepEqual([sample.prediction_type, sample.beta_schedule], ['sample', 'linear']);
    const { noise_scheduler: noClip } = (await read('fixed_large_noclip')).description;
    assert.deepEqual([noClip.clip_range, noClip.variance], [null, 'fixed_large']);
  });

  it('has no averaged weights', async () => {
    assert.equal((await read('model_only')).description.provenance.weights, 'model');
  });

  it('has an optimiser, whose tensors are left unread', async () => {
    const { description, contents } = await read('full');
    assert.equal(description.provenance.weights, 'ema_model');
    assert.equal(contents.denoiser.size, 50);
  });

  it('has unresolved interpolations and a single observation', async () => {
    const { architecture } = (await read('no_obs_history')).description;
    assert.deepEqual([architecture.n_obs_steps, architecture.first_action_step], [1, 0]);
    assert.deepEqual([architecture.horizon, architecture.n_action_steps], [8, 8]);
  });

  it('has half-precision weights, which become 32-bit floats', async () => {
    const { contents } = await read('half');
    const weights = contents.denoiser.get('head.weight')!;
    assert.equal(weights.dtype, 'F32');
    assert.ok(weights.data.some((value) => value !== 0));
  });
});
