import assert from 'node:assert/strict';
import { affineConstants } from '../../src/caching/affine_constants.js';
import type { AffineRun } from '../../src/caching/affine_run.js';
import { denoisingProgram } from '../../src/caching/denoising_program.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { programWork, WORK } from '../../src/search/program_work.js';
import { planFor } from '../support/plans.js';
import { randomAffineRuns } from '../support/random_affine_runs.js';
import { randomPolicy } from '../support/random_policy.js';
import { type Schedules, unified } from '../support/schedules.js';

describe('programWork', () => {
  let policy: PolicyPackage;
  before(async () => {
    policy = await randomPolicy();
  });

  const counted = (
    schedules: Schedules,
    runs?: (made: AffineRun[]) => AffineRun[],
  ): Record<string, number> => {
    const evaluations = [...new Set(schedules.flat())].sort((a, b) => a - b);
    const made = randomAffineRuns(policy, evaluations, { lookAhead: false, noiseSteps: 4 });
    const program = denoisingProgram(policy.manifest, {
      plan: { ...planFor(policy, schedules), ...(runs && { correction: { kind: 'affine' } }) },
      constants: runs ? affineConstants(runs(made)) : new Map(),
    });
    const work = programWork(program, policy.manifest);
    return Object.fromEntries(WORK.map((name, i) => [name, work[i]!]));
  };
  const blind = ([first, ...rest]: AffineRun[]): AffineRun[] => [
    { ...first!, clean: first!.clean.map(() => 0) },
    ...rest,
  ];

  it('counts evaluations, blocks and runs of single steps', () => {
    const { steps } = policy.manifest.noise_scheduler;
    const work = counted(unified(6, [0, 9]).with(5, [0]));
    assert.deepEqual(
      [work['evaluations'], work['self_attention'], work['feed_forward'], work['sums.stored']],
      [2, 4, 3, 1],
    );
    assert.deepEqual([work['steps.single'], work['runs.single']], [steps - 2, 2]);
  });

  it('counts weights as far away by how much was read since they were used', () => {
    const { layers, embedding } = policy.manifest.architecture;
    const [attention, feedForward] = [4, 8].map((size) => (size * embedding ** 2 * 4) / 1e6);
    const all = layers * (attention! + feedForward!);
    const far = (schedules: Schedules): number => counted(schedules)['weights.far']!;
    const close = (found: number, expected: number): void =>
      assert.ok(Math.abs(found - expected) < 1e-9, `${found} ${expected}`);
    // Everything anew each time, and the last feed-forward alone, after nothing else and after itself.
    close(far(unified(6, [0, 9])), 2 * all);
    const only = far(unified(6, [0]).with(5, [0, 9, 10]));
    close(only - all, 2 * feedForward! * (feedForward! / all));
  });

  it('does not count an evaluation whose clean sample nobody looks at', () => {
    const whole = counted(unified(6, [0, 9]), (runs) => runs);
    const left = counted(unified(6, [0, 9]), blind);
    assert.equal(whole['evaluations'], 2);
    assert.equal(left['evaluations'], 1);
    assert.equal(left['self_attention'], 2);
    assert.ok(left['multiply_adds.affine']! < whole['multiply_adds.affine']!);
  });

  it('counts an evaluation whose clean sample the run after the next one looks at', () => {
    const work = counted(unified(6, [0, 9]), (runs) => {
      const [first, second] = blind(runs);
      const { state, clean } = second!;
      return [first!, { ...second!, previous: { state, clean } }];
    });
    assert.equal(work['evaluations'], 2);
  });

  it('counts as much of it as later evaluations take from the store', () => {
    const work = counted(unified(6, [0, 9]).with(1, [0]), blind);
    assert.deepEqual([work['evaluations'], work['self_attention']], [2, 3]);
    assert.equal(work['cross_attention'], 2);
    assert.equal(work['feed_forward'], 2);
  });

  it('counts the steps of the dense policy apart', () => {
    const { steps } = policy.manifest.noise_scheduler;
    const work = programWork(denoisingProgram(policy.manifest), policy.manifest);
    assert.equal(work[WORK.indexOf('steps.session')], steps);
  });
});
