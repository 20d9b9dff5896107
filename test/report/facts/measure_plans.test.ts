import assert from 'node:assert/strict';
import { blocksOf } from '../../../src/caching/blocks.js';
import type { DenoisingInputs } from '../../../src/caching/denoising_inputs.js';
import { makePlan } from '../../../src/caching/make_plan.js';
import type { Plan } from '../../../src/caching/plan.js';
import { uniformSchedule } from '../../../src/caching/uniform_schedule.js';
import { openInterpreter } from '../../../src/inference/interpreter.js';
import type { PolicyPackage } from '../../../src/policy/policy_package.js';
import {
  chunksToMeasure,
  measurePlans,
  type MeasuredPlan,
  type MeasuredPlans,
  type NamedPlan,
} from '../../../src/report/facts/measure_plans.js';
import { randomInputs, randomPolicy } from '../../support/random_policy.js';

const STEPS = 12;
const CHUNKS = 6;

describe('measurePlans', function () {
  this.timeout(60_000);
  let policy: PolicyPackage;
  let inputs: DenoisingInputs;
  before(async () => {
    policy = await randomPolicy({ noise_scheduler: { steps: STEPS, train_steps: STEPS } });
    inputs = randomInputs(policy, 3, 1);
  });

  function uniform(name: string, updates: number, more: Partial<Plan> = {}): NamedPlan {
    const { layers } = policy.manifest.architecture;
    const target = { policySha256: policy.sha256, layers, steps: STEPS, solver: 'ddpm' as const };
    const schedule = uniformSchedule(STEPS, updates);
    const plan = makePlan(
      target,
      { name: 'uniform', updates },
      blocksOf(layers).map(() => schedule),
    );
    const sha256 = '0'.repeat(64);
    return { name, file: null, plan: { plan: { ...plan, ...more }, sha256, constants: new Map() } };
  }

  async function measure(plans: readonly NamedPlan[]): Promise<[MeasuredPlans, number]> {
    let made = 0;
    const noInterpreter = (): Promise<never> => Promise.reject(new Error('not wanted'));
    const found = await measurePlans(policy, plans, inputs, noInterpreter, {
      chunks: CHUNKS,
      threads: 1,
      onChunk: () => made++,
    });
    return [found, made];
  }

  it('also runs a plan with a correction without it', async () => {
    const factors = Array.from({ length: STEPS }, (_, k) => 1 + k / 50);
    const corrected = uniform('corrected', 4, { correction: { kind: 'noise-scale', factors } });
    const plans = [corrected, uniform('bare', 4)];
    const [{ plans: found, uncorrected, dense }, made] = await measure(plans);
    assert.deepEqual([...uncorrected.keys()], ['corrected']);
    assert.deepEqual(uncorrected.get('corrected')!.actions, found[1]!.actions);
    assert.notDeepEqual(found[0]!.actions, found[1]!.actions);
    assert.equal(made, chunksToMeasure(plans, CHUNKS));
    assert.equal(made, (1 + 3) * CHUNKS);
    assert.deepEqual([dense.chunksMs!.length, dense.actions.length], [6, 3 * 9]);
  });

  it('runs plans that decide while denoising on some of the observations, each from both noises', async () => {
    const many = randomInputs(policy, 40, 2);
    const decision = { kind: 'teacache' as const, threshold: 0.5 };
    const options = { chunks: 40, threads: 1, onChunk: () => undefined };
    const plans = [uniform('online', 2, { decision })];
    const interpreter = await openInterpreter(policy, { threads: 1 });
    const { plans: found, dense } = await measurePlans(
      policy,
      plans,
      many,
      () => Promise.resolve(interpreter),
      options,
    );
    await interpreter.close();
    const [{ of, actions, chunksMs, cost }] = found as [MeasuredPlan];
    assert.equal(of!.length, 32);
    assert.deepEqual(
      of!.slice(16),
      of!.slice(0, 16).map((i) => 20 + i),
    );
    assert.deepEqual([actions.length, dense.actions.length], [32 * 9, 40 * 9]);
    assert.ok(chunksMs === null && cost > 0.1 && cost < 1);
  });

  it('times many plans in groups, each in turn with dense, and says how long that is', async () => {
    const plans = Array.from({ length: 18 }, (_, i) => uniform(`plan ${i}`, 1 + (i % 5)));
    const [{ plans: found, dense }, made] = await measure(plans);
    assert.equal(made, chunksToMeasure(plans, CHUNKS));
    assert.equal(found.length, 18);
    assert.equal(found[0]!.denseMs.length, CHUNKS);
    // Chunks 0 and 4.
    assert.equal(found[17]!.denseMs.length, 2);
    assert.equal(dense.chunksMs!.length, CHUNKS);
    assert.deepEqual(found[1]!.actions, found[16]!.actions);
    assert.ok(found.every(({ chunksMs }) => chunksMs!.length === CHUNKS));
  });
});
