import assert from 'node:assert/strict';
import { openBatchedNetwork } from '../../src/inference/batched_network.js';
import { denoisingSteps } from '../../src/policy/noise_schedule.js';
import { CandidateFinder } from '../../src/search/find_candidates.js';
import { type Candidate, PlanSearch } from '../../src/search/plan_search.js';
import { recordTrajectories } from '../../src/search/record_trajectories.js';
import { SearchMemory } from '../../src/search/search_memory.js';
import { NOISE_SCHEDULER, randomInputs, randomPolicy } from '../support/random_policy.js';

const STEPS = 8;
const SAMPLES = 24;

/** All ways to choose `count` of the steps, ascending. */
function choices(count: number, from = 0): number[][] {
  if (count === 0) return [[]];
  const ways: number[][] = [];
  for (let step = from; step < STEPS; step++) {
    ways.push(...choices(count - 1, step + 1).map((rest) => [step, ...rest]));
  }
  return ways;
}

describe('the search for candidates', () => {
  it('finds about as good ones as trying all steps', async () => {
    const policy = await randomPolicy({ noise_scheduler: { steps: STEPS, train_steps: STEPS } });
    const inputs = randomInputs(policy, SAMPLES, 3);
    const network = await openBatchedNetwork(policy, inputs.condition);
    const trajectories = await recordTrajectories(network, policy.manifest, inputs, {
      episodes: Int32Array.from({ length: SAMPLES }, (_, i) => i >> 1),
      observations: Int32Array.from({ length: SAMPLES }, (_, i) => i),
    });
    await network.close();
    const weights = [1, 1, 1];
    const search = await PlanSearch.open(policy, trajectories, { weights, threads: 1 });
    const steps = denoisingSteps(policy.manifest.noise_scheduler);
    const finder = new CandidateFinder(search, new SearchMemory(''), steps, 0, {
      stopped: () => false,
    });
    for (const count of [1, 2]) {
      const lookAhead = Array<number>(count).fill(0);
      const errors: number[] = [];
      for (const evaluations of choices(count)) {
        errors.push((await search.tryOut({ evaluations, lookAhead, fall: 0.5 })).error);
      }
      errors.sort((a, b) => a - b);
      const found = await finder.improve(await finder.first(count), 60);
      assert.equal(found.evaluations.length, count);
      assert.ok(found.error <= 1.05 * errors[0]!, `${found.error} ${errors[0]}`);
      assert.ok(errors[0]! < errors.at(-1)!);
    }
    await search.close();
  });

  describe('checks what a part of the runs said', () => {
    const steps = denoisingSteps({ ...NOISE_SCHEDULER, steps: 40, train_steps: 40 });
    const outcome = (error: number): never => ({ error, heldOut: error }) as never;
    /** Earlier is better on a part of the runs; on all of them as said. */
    const improved = async (count: number, onAll: 'better' | 'worse', isInterrupted = false) => {
      const mean = ({ evaluations }: Candidate): number =>
        evaluations.reduce((sum, step) => sum + step, 1) / evaluations.length;
      let checks = 0;
      const search = {
        tryOut: (candidate: Candidate) => Promise.resolve(outcome(mean(candidate))),
        carryOut: (candidate: Candidate) => {
          checks++;
          return Promise.resolve(outcome((onAll === 'better' ? 1 : -1) * mean(candidate)));
        },
      };
      const finder = new CandidateFinder(search, new SearchMemory(''), steps, 0, {
        stopped: () => false,
        interrupted: () => isInterrupted,
      });
      const start = await finder.first(count);
      return { isMoved: (await finder.improve(start, 30)) !== start, checks };
    };

    it('on all of them, and goes back where it was wrong', async () => {
      assert.deepEqual(await improved(3, 'better'), { isMoved: true, checks: 2 });
      assert.deepEqual(await improved(3, 'worse'), { isMoved: false, checks: 2 });
    });

    it('not for plans of many evaluations, nor when somebody waits', async () => {
      assert.deepEqual(await improved(9, 'worse'), { isMoved: true, checks: 0 });
      assert.deepEqual(await improved(3, 'worse', true), { isMoved: true, checks: 0 });
    });
  });
});
