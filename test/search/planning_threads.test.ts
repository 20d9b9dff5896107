import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { calibratePolicy } from '../../src/cli/calibrate.js';
import { readCalibration } from '../../src/policy/calibration_file.js';
import { floatTensor, writeSafetensors } from '../../src/policy/safetensors.js';
import { PlanSearch } from '../../src/search/plan_search.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';

const SAMPLES = 24;

describe('planning with more threads', () => {
  it('finds the same to the last bit', async () => {
    const policy = await randomPolicy({ noise_scheduler: { steps: 8, train_steps: 8 } });
    const at = (name: string): string => join(policy.directory, name);
    const { n_obs_steps: window, condition_dim: width } = policy.manifest.architecture;
    const { condition } = randomInputs(policy, SAMPLES, 3);
    await writeSafetensors(at('vectors'), [
      ['condition', floatTensor([SAMPLES, window, width], condition)],
    ]);
    const errors = [];
    for (const threads of [1, 3]) {
      const output = at(`${threads}.cal`);
      const about = { samples: 8, trajectories: SAMPLES, seed: 0, remap: new Map() };
      await calibratePolicy(policy.directory, {
        ...{ output, vectors: at('vectors'), threads },
        ...about,
      });
      const { trajectories } = await readCalibration(output);
      const search = await PlanSearch.open(policy, trajectories!, { weights: [1, 1, 1], threads });
      const { error, heldOut } = await search.carryOut({
        evaluations: [2, 5],
        lookAhead: [0.2, 0],
        fall: 0.5,
      });
      errors.push({ error, heldOut });
      await search.close();
    }
    assert.deepEqual(readFileSync(at('1.cal')), readFileSync(at('3.cal')));
    assert.deepEqual(errors[0], errors[1]);
  });
});
