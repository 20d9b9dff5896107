import assert from 'node:assert/strict';
import { denoisingProgram } from '../../src/caching/denoising_program.js';
import type { Trajectories } from '../../src/caching/trajectories.js';
import { openBatchedNetwork } from '../../src/inference/batched_network.js';
import { openInterpreter } from '../../src/inference/interpreter.js';
import { denoisingSteps } from '../../src/policy/noise_schedule.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { affinePlan } from '../../src/search/affine_plan.js';
import { CandidateFinder } from '../../src/search/find_candidates.js';
import { measurePlan, rootMeanSquare } from '../../src/search/measure_plan.js';
import { PlanSearch } from '../../src/search/plan_search.js';
import { recordTrajectories } from '../../src/search/record_trajectories.js';
import { SearchMemory } from '../../src/search/search_memory.js';
import { spreadEvaluations } from '../../src/search/spread_evaluations.js';
import { assertClose } from '../support/assert_close.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';

const N = 48;

describe('search', function () {
  this.timeout(60_000);
  let policy: PolicyPackage;
  let trajectories: Trajectories;
  let search: PlanSearch;
  before(async () => {
    policy = await randomPolicy({ noise_scheduler: { steps: 10, train_steps: 10 } });
    const inputs = randomInputs(policy, N, 3);
    const about = {
      episodes: Int32Array.from({ length: N }, (_, i) => i >> 2),
      observations: Int32Array.from({ length: N }, (_, i) => i),
    };
    const network = await openBatchedNetwork(policy, inputs.condition, { batch: 16 });
    trajectories = await recordTrajectories(network, policy.manifest, inputs, about);
    await network.close();
    // The same run by the interpreter, block by block.
    const interpreter = await openInterpreter(policy, { threads: 1 });
    const { sample } = await interpreter.run(inputs);
    await interpreter.close();
    assertClose(trajectories.states.at(-1)!, sample, 1e-4, 'dense');
    const weights = Array<number>(policy.manifest.architecture.action_dim).fill(1);
    search = await PlanSearch.open(policy, trajectories, { weights, threads: 1 });
  });
  after(() => search.close());

  const finder = (memory: SearchMemory, seed = 0): CandidateFinder =>
    new CandidateFinder(search, memory, denoisingSteps(policy.manifest.noise_scheduler), seed, {
      stopped: () => false,
    });

  it('reaches the dense policy with an evaluation at every step', async () => {
    const every = Array.from({ length: 10 }, (_, k) => k);
    const { error } = await search.carryOut({
      evaluations: every,
      lookAhead: every.map(() => 0.7),
      fall: 2,
    });
    const control = await search.control();
    assert.ok(error < 0.05 * control.error, `${error} of ${control.error}`);
  });

  it('makes plans that the compiled engine runs with the error that was predicted', async () => {
    const outcome = await search.carryOut({
      evaluations: [3, 7],
      lookAhead: [0.7, 0.4],
      fall: 0.5,
    });
    const made = affinePlan(policy, outcome);
    assert.deepEqual(made.plan.blocks[0]!.updates, [0, 3, 7]);
    const rows = [...search.folds.of.keys()].filter((row) => search.folds.of[row]! < 0);
    const measured = await measurePlan(policy, made, trajectories, rows, { threads: 1 });
    const actual = rootMeanSquare(measured);
    assert.ok(Math.abs(actual - outcome.heldOut) < 1e-3 * actual, `${actual} ${outcome.heldOut}`);
    // Pure noise is not evaluated: two evaluations cost two.
    assert.ok(denoisingProgram(policy.manifest, made).affine![0]!.clean.every((w) => w === 0));
  });

  it('finds the same for the same seed, and after being resumed', async () => {
    const memory = new SearchMemory('a');
    const whole = await finder(memory).improve(await finder(memory).first(2), 4);
    const half = new SearchMemory('a');
    await finder(half).improve(await finder(half).first(2), 2);
    const resumed = SearchMemory.parse(`${half}`, 'a', 'memory');
    const again = await finder(resumed).improve(await finder(resumed).first(2), 4);
    assert.deepEqual(again, whole);
    assert.throws(() => SearchMemory.parse(`${half}`, 'b', 'memory'), /another policy/);
  });

  it('keeps the number of evaluations and never gets worse', async () => {
    const memory = new SearchMemory('a');
    const first = await finder(memory).first(3);
    const best = await finder(memory).improve(first, 5);
    assert.equal(best.evaluations.length, 3);
    assert.ok(best.error <= first.error);
  });
});

describe('steps to evaluate at', () => {
  it('are denser towards the end, all different', () => {
    for (const count of [1, 3, 7, 40, 98, 100]) {
      const [two, three] = [spreadEvaluations(count, 100, 2), spreadEvaluations(count, 100, 3)];
      assert.ok(two.every((step, i) => three[i]! >= step));
      for (const spread of [two, three]) {
        assert.equal(spread.length, count);
        assert.ok(
          spread.every((step, i) => step < 100 && step > (spread[i - 1] ?? -1)),
          `${count}`,
        );
      }
    }
  });
});
