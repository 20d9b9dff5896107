import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uniformPlan } from '../../src/caching/methods/uniform.js';
import { schedulesOf } from '../../src/caching/plan.js';
import { BadInput } from '../../src/errors.js';
import { sha256 } from '../../src/files.js';
import { fromPreset, presetPlan } from '../../src/inference/preset_plan.js';
import { readPlan, writePlan } from '../../src/policy/plan_file.js';
import { writePlanFor } from '../support/plans.js';
import { randomPolicy } from '../support/random_policy.js';
import { bacLike } from '../support/schedules.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

describe('presetPlan', () => {
  it('spreads updates evenly and adds the last step, fewer from preset to preset, as `plan` would', async () => {
    const policy = await randomPolicy();
    const counts: number[] = [];
    for (const preset of fromPreset('quality')) {
      const { plan, sha256: digest } = await presetPlan(preset, policy);
      const updates = plan.method.updates!;
      counts.push(updates);
      const target = { policySha256: policy.sha256, layers: 2, steps: 20, solver: 'ddpm' } as const;
      assert.deepEqual(plan, uniformPlan(target, { updates, finalUpdate: true }));
      const path = join(temporaryDirectory(), 'plan.json');
      await writePlan(path, plan);
      assert.equal(digest, (await readPlan(path)).sha256);
    }
    assert.deepEqual(counts, [9, 3, 1]);
  });

  it('keeps the first and the last update where a policy takes few steps', async () => {
    const policy = await randomPolicy({ noise_scheduler: { steps: 3 } });
    const { plan } = await presetPlan('fast', policy);
    assert.deepEqual(schedulesOf(plan)[0], [0, 2]);
  });

  it('is no plan for dense', async () => {
    const policy = await randomPolicy();
    const { plan, sha256: digest } = await presetPlan('dense', policy);
    assert.equal(digest, undefined);
    assert.ok(plan.blocks.every(({ updates }) => updates.length === 20));
  });

  it("is the package's own where it has one, which must be for this policy", async () => {
    const policy = await randomPolicy();
    const plans = join(policy.directory, 'plans');
    mkdirSync(plans);
    const path = writePlanFor(policy, bacLike(6, 20, 3, 4), join(plans, 'balanced.json'));
    const { plan, sha256: digest } = await presetPlan('balanced', policy);
    assert.equal(digest, sha256(readFileSync(path)));
    assert.deepEqual(schedulesOf(plan), bacLike(6, 20, 3, 4));
    assert.equal((await presetPlan('fast', policy)).plan.method.name, 'uniform');

    const other = await randomPolicy({ seed: 2 });
    mkdirSync(join(other.directory, 'plans'));
    writeFileSync(join(other.directory, 'plans/balanced.json'), readFileSync(path));
    await assert.rejects(presetPlan('balanced', other), BadInput);
  });
});
