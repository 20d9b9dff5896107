import assert from 'node:assert/strict';
import { openBatchedNetwork } from '../../src/inference/batched_network.js';
import { denoisingSteps } from '../../src/policy/noise_schedule.js';
import { CandidateFinder } from '../../src/search/find_candidates.js';
import { PlanSearch } from '../../src/search/plan_search.js';
import { recordTrajectories } from '../../src/search/record_trajectories.js';
import { SearchMemory } from '../../src/search/search_memory.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';

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
        errors.push((await search.tryOut({ evaluations, lookAhead })).error);
      }
      errors.sort((a, b) => a - b);
      const found = await finder.improve(await finder.first(count), 60);
      assert.equal(found.evaluations.length, count);
      assert.ok(found.error <= 1.05 * errors[0]!, `${found.error} ${errors[0]}`);
      assert.ok(errors[0]! < errors.at(-1)!);
    }
    await search.close();
  });
});
