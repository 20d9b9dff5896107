import assert from 'node:assert/strict';
import { conditionNames } from '../../src/control/condition_names.js';
import { cameraPolicy, liftPolicy } from '../support/ros_policies.js';
import { randomPolicy } from '../support/random_policy.js';

describe('the names of the values in a condition', () => {
  it('are those of the joints, else of the source and its place', async () => {
    const { policy } = await liftPolicy();
    const names = conditionNames(policy.manifest);
    assert.equal(names.length, policy.manifest.architecture.condition_dim);
    assert.deepEqual(
      [names[0], names[7], names[8]],
      ['panda_joint1', 'panda_finger_joint1', 'cube[0]'],
    );
  });

  it('are those of the picture for its features', async () => {
    const { policy } = await cameraPolicy();
    const names = conditionNames(policy.manifest);
    assert.deepEqual(names.slice(7), ['front[7]', 'j1', 'j2']);
  });

  it('are those of the input where no source is known', async () => {
    const { manifest } = await randomPolicy();
    assert.equal(conditionNames(manifest)[4], 'observation[4]');
  });
});
