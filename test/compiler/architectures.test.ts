import { openInterpreter } from '../../src/inference/interpreter.js';
import { assertClose } from '../support/assert_close.js';
import { runCompiled, runUnrolled } from '../support/engines.js';
import { programFor } from '../support/programs.js';
import { randomInputs, randomPolicy, type RandomPolicyOptions } from '../support/random_policy.js';
import { dense, plansOf } from '../support/schedules.js';

/** Required are 1e-4. */
const TOLERANCE = 2e-5;
const SAMPLES = 3;

/** What no fixture has, by what the compiler does about it. */
const POLICIES: Readonly<Record<string, RandomPolicyOptions>> = {
  'keys and values per observation: many condition tokens': {
    architecture: { heads: 8, embedding: 32, n_obs_steps: 4, first_action_step: 3 },
  },
  'as many, not causal': {
    architecture: { heads: 8, embedding: 32, n_obs_steps: 5, causal: false, first_action_step: 0 },
  },
  'as many condition tokens as can be folded': {
    architecture: { heads: 8, embedding: 32, n_obs_steps: 3 },
  },
  'more observations than action tokens': {
    architecture: { horizon: 3, n_obs_steps: 5, n_action_steps: 2, heads: 1 },
  },
  'a transformer as condition encoder, not causal': {
    architecture: { n_cond_layers: 1, causal: false, horizon: 7 },
  },
  'idle tokens, not causal': { architecture: { horizon: 9, causal: false } },
  'idle tokens after two fills of the kernel': { architecture: { horizon: 19, layers: 1 } },
  'one layer, one head, one token, one action': {
    architecture: {
      layers: 1,
      heads: 1,
      horizon: 1,
      n_obs_steps: 1,
      n_action_steps: 1,
      first_action_step: 0,
      action_dim: 1,
      condition_dim: 1,
    },
  },
  'the narrowest embedding': { architecture: { embedding: 4, heads: 2, action_dim: 1 } },
  'too many actions for the reuse space': { architecture: { action_dim: 20 } },
  'more actions than the embedding is wide': { architecture: { embedding: 8, action_dim: 12 } },
  'one action, a tiny reuse space': { architecture: { action_dim: 1 } },
  'all actions executed, from the first': {
    architecture: { first_action_step: 0, n_action_steps: 6 },
  },
  'velocity prediction': { noise_scheduler: { prediction_type: 'v_prediction' } },
  'velocity prediction, DDIM': {
    noise_scheduler: { prediction_type: 'v_prediction', kind: 'ddim', set_alpha_to_one: false },
  },
  'sample prediction, DDIM': { noise_scheduler: { prediction_type: 'sample', kind: 'ddim' } },
  'sample prediction, not clipped': {
    noise_scheduler: { prediction_type: 'sample', clip_range: null },
  },
  'DDIM over a part of the timesteps, shifted by one': {
    noise_scheduler: { kind: 'ddim', train_steps: 100, steps: 10, steps_offset: 1 },
  },
  'steps that do not divide the timesteps': { noise_scheduler: { train_steps: 100, steps: 12 } },
  'steps that leave out the noisiest timesteps': {
    noise_scheduler: { train_steps: 20, steps: 12 },
  },
  'scaled linear betas, a wide clip': {
    noise_scheduler: { beta_schedule: 'scaled_linear', beta_end: 0.5, clip_range: 2.5 },
  },
  'sigmoid betas, large variance': {
    noise_scheduler: { beta_schedule: 'sigmoid', beta_end: 0.3, variance: 'fixed_large' },
  },
  'a single step': { noise_scheduler: { train_steps: 1, steps: 1 } },
};

describe('compiled against block by block, for architectures without a checkpoint', () => {
  for (const [name, options] of Object.entries(POLICIES)) {
    it(name, async () => {
      const policy = await randomPolicy(options);
      const { architecture, noise_scheduler: scheduler } = policy.manifest;
      const inputs = randomInputs(policy, SAMPLES, 5);
      const blocks = 3 * architecture.layers;
      const interpreter = await openInterpreter(policy, { threads: 1, batch: SAMPLES });
      const { sample: expected } = await interpreter.run(inputs);
      const stepped = await runCompiled(policy, undefined, inputs);
      assertClose(stepped.sample, expected, TOLERANCE, 'dense, step by step');
      const unrolled = await runUnrolled(policy, dense(blocks, scheduler.steps), inputs);
      assertClose(unrolled.sample, expected, TOLERANCE, 'dense, unrolled');
      assertClose(unrolled.action, stepped.action, 10 * TOLERANCE, 'dense, action');
      if (scheduler.steps > 1) {
        for (const [plan, updates] of Object.entries(plansOf(blocks, scheduler.steps))) {
          const { sample } = await interpreter.run({
            ...inputs,
            program: programFor(policy, updates),
          });
          const compiled = await runUnrolled(policy, updates, inputs);
          assertClose(compiled.sample, sample, TOLERANCE, plan);
        }
      }
      await interpreter.close();
    });
  }
});
