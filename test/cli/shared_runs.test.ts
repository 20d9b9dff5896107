import assert from 'node:assert/strict';
import { densePlan } from '../../src/caching/methods/dense.js';
import type { RunOnCalibration } from '../../src/caching/methods/run_on_calibration.js';
import { uniformPlan } from '../../src/caching/methods/uniform.js';
import { SharedRuns } from '../../src/cli/shared_runs.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { randomPolicy } from '../support/random_policy.js';

describe('SharedRuns', () => {
  let policy: PolicyPackage;
  before(async () => {
    policy = await randomPolicy();
  });

  /** Runs that note what is run, and what else goes on meanwhile. */
  function noted(fails = false): { runs: SharedRuns; notes: string[] } {
    const notes: string[] = [];
    let going = 0;
    const run: RunOnCalibration['run'] = async (made, { onOutput }) => {
      assert.equal(going++, 0, 'two runs at once');
      notes.push(made ? `plan ${made.plan.method.updates}` : 'dense');
      await Promise.resolve();
      const output = Float32Array.of(notes.length);
      onOutput?.({ step: 0, samples: 1, firstSample: 0, output });
      going--;
      if (fails) throw new Error('no memory');
    };
    return { runs: new SharedRuns({ samples: 1, run }, policy.manifest), notes };
  }

  const target = () => ({
    policySha256: policy.sha256,
    layers: policy.manifest.architecture.layers,
    steps: 20,
    solver: 'ddpm' as const,
  });

  it('makes one dense run for all who ask together, and plans one after the other', async () => {
    const { runs, notes } = noted();
    const heard: number[] = [];
    const onOutput = ({ output }: { output: Float32Array }): number => heard.push(output[0]!);
    const constants = new Map();
    const uniform = (updates: number) => ({ plan: uniformPlan(target(), { updates }), constants });
    await Promise.all([
      runs.run(undefined, { onOutput }),
      runs.run(uniform(3), {}),
      runs.run({ plan: densePlan(target()), constants }, { onOutput }),
      runs.run(uniform(4), {}),
      runs.run(undefined, {}),
    ]);
    assert.deepEqual(notes, ['dense', 'plan 3', 'plan 4']);
    assert.deepEqual(heard, [1, 1]);
    await runs.run(undefined, { onOutput });
    assert.deepEqual(heard, [1, 1, 4], 'what is asked for later is a run of its own');
  });

  it('fails for all who wait, and goes on', async () => {
    const { runs, notes } = noted(true);
    const both = await Promise.allSettled([runs.run(undefined, {}), runs.run(undefined, {})]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await assert.rejects(runs.run(undefined, {}), /no memory/);
    assert.equal(notes.length, 2);
  });
});
