import assert from 'node:assert/strict';
import { affineConstants } from '../../src/caching/affine_constants.js';
import type { AffineRun } from '../../src/caching/affine_run.js';
import { type DenoisingProgram, denoisingProgram } from '../../src/caching/denoising_program.js';
import { openDenoiser } from '../../src/inference/denoiser.js';
import { openInterpreter } from '../../src/inference/interpreter.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { assertClose } from '../support/assert_close.js';
import { denoiseAll } from '../support/engines.js';
import { planFor } from '../support/plans.js';
import { randomAffineRuns } from '../support/random_affine_runs.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';
import { unified } from '../support/schedules.js';

const EVALUATIONS = [0, 5, 12];
const SAMPLES = 32;

describe('an affine run that does not look at the clean sample', () => {
  let policy: PolicyPackage;
  /** Multiply-adds of one evaluation, about. */
  let one: number;
  before(async () => {
    policy = await randomPolicy();
    one = (await compare(0, 1, 2)) - (await compare(0, 1));
  });

  it('needs no evaluation of the network', async () => {
    const all = await compare(0, 1, 2);
    assert.ok((await compare(1, 2)) < all - 0.5 * one);
    assert.ok((await compare(2)) < all - 1.5 * one);
    assert.ok((await compare()) < all - 2.5 * one);
  });

  it('needs one where the run after it looks back', async () => {
    const [blind, second, third] = seeing([1, 2]);
    const { state, clean } = second!;
    const back = { ...second!, previous: { state, clean } };
    assert.ok((await compareRuns([blind!, back, third!])) > (await compare(1, 2)) + 0.5 * one);
  });

  it('needs one where blocks are reused later', async () => {
    const reused = unified(6, EVALUATIONS).with(5, [0]);
    assert.ok((await cost(program(seeing([1, 2]), reused))) > 1.5 * one);
  });

  /** Runs of which these look at the clean sample. */
  function seeing(seen: readonly number[]): AffineRun[] {
    return randomAffineRuns(policy, EVALUATIONS, { lookAhead: true, noiseSteps: 3 }).map(
      (run, i) => (seen.includes(i) ? run : { ...run, clean: new Float32Array(run.clean.length) }),
    );
  }

  function program(
    runs: readonly AffineRun[],
    schedules = unified(6, EVALUATIONS),
  ): DenoisingProgram {
    const plan = { ...planFor(policy, schedules), correction: { kind: 'affine' as const } };
    return denoisingProgram(policy.manifest, { plan, constants: affineConstants(runs) });
  }

  function compare(...seen: readonly number[]): Promise<number> {
    return compareRuns(seeing(seen));
  }

  /** Both engines. @returns multiply-adds of the compiled one */
  async function compareRuns(runs: readonly AffineRun[]): Promise<number> {
    const denoising = program(runs);
    const inputs = randomInputs(policy, SAMPLES, 5);
    const interpreter = await openInterpreter(policy, { threads: 1, batch: SAMPLES });
    const { sample: expected } = await interpreter.run({ ...inputs, program: denoising });
    await interpreter.close();
    const denoiser = await openDenoiser(policy, denoising);
    const { sample } = await denoiseAll(denoiser, policy, inputs);
    await denoiser.close();
    assertClose(sample, expected, 1e-4, 'samples');
    return denoiser.multiplyAdds;
  }

  async function cost(denoising: DenoisingProgram): Promise<number> {
    const denoiser = await openDenoiser(policy, denoising);
    await denoiser.close();
    return denoiser.multiplyAdds;
  }
});
