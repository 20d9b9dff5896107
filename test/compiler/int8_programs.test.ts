import assert from 'node:assert/strict';
import type { Numerics } from '../../src/caching/plan_fields.js';
import { denoisingProgram } from '../../src/caching/denoising_program.js';
import { openDenoiser } from '../../src/inference/denoiser.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { denoiseAll } from '../support/engines.js';
import { planFor } from '../support/plans.js';
import { randomInputs, randomPolicy, type RandomPolicyOptions } from '../support/random_policy.js';
import { unified } from '../support/schedules.js';

/** Of the size of the fp32 samples; documented in docs/performance.md. */
const BOUND = 0.05;
const SAMPLES = 32;

const POLICIES: Readonly<Record<string, RandomPolicyOptions>> = {
  'condition tokens folded': { architecture: { embedding: 64 } },
  'keys and values per observation': {
    architecture: { heads: 8, embedding: 32, n_obs_steps: 4, first_action_step: 3 },
  },
  'a transformer as condition encoder': { architecture: { n_cond_layers: 1, causal: false } },
  'tokens that would be padded, not causal': { architecture: { horizon: 9, causal: false } },
};

describe('a plan in int8', () => {
  for (const [name, options] of Object.entries(POLICIES)) {
    it(`gives about the samples of fp32: ${name}`, async () => {
      const policy = await randomPolicy(options);
      const [exact, whole] = [
        await run(policy, { kind: 'fp32' }),
        await run(policy, { kind: 'int8' }),
      ];
      const error = distance(whole, exact);
      assert.ok(error > 0 && error < BOUND, `${error}`);
    });
  }

  it('may compute every block at every step', async () => {
    const policy = await randomPolicy({ architecture: { embedding: 64 } });
    const every = Array.from({ length: policy.manifest.noise_scheduler.steps }, (_, k) => k);
    const stepped = await run(policy, { kind: 'int8' }, every);
    const error = distance(stepped, await run(policy, { kind: 'fp32' }, every));
    assert.ok(error > 0 && error < BOUND, `${error}`);
  });

  it('can be in int8 for some blocks only, each of which counts', async () => {
    const policy = await randomPolicy({ architecture: { embedding: 64 } });
    const exact = await run(policy, { kind: 'fp32' });
    const results = new Set<string>();
    for (const blocks of [
      ['0.self_attention'],
      ['1.feed_forward'],
      ['0.cross_attention', '1.cross_attention'],
    ]) {
      const some = await run(policy, { kind: 'int8', blocks });
      const error = distance(some, exact);
      assert.ok(error > 0 && error < BOUND, `${blocks.join()}: ${error}`);
      results.add(some.join());
    }
    assert.equal(results.size, 3);
  });
});

async function run(
  policy: PolicyPackage,
  numerics: Numerics,
  updates: readonly number[] = [0, 7, 15],
): Promise<Float32Array> {
  const plan = { ...planFor(policy, unified(6, updates)), numerics };
  const program = denoisingProgram(policy.manifest, { plan, constants: new Map() });
  const denoiser = await openDenoiser(policy, program);
  const { sample } = await denoiseAll(denoiser, policy, randomInputs(policy, SAMPLES, 5));
  await denoiser.close();
  return sample;
}

/** Root mean square of the difference, relative to that of the second. */
function distance(a: Float32Array, b: Float32Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.hypot(...b);
}
