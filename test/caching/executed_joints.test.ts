import assert from 'node:assert/strict';
import { executedJoints } from '../../src/caching/executed_joints.js';
import { randomPolicy } from '../support/random_policy.js';
import { SeededRandom } from '../support/seeded_random.js';

describe('executed joints', () => {
  it('tells a gripper that opens and closes from a joint that moves', async () => {
    const { manifest } = await randomPolicy();
    const random = new SeededRandom(1);
    const actions = Float32Array.from({ length: 3 * 400 }, (_, i) => {
      if (i % 3 === 0) return random.uniform();
      // A hand that closes in a third of the actions, with some error; and one that never does.
      if (i % 3 === 1) return (i % 9 === 1 ? 0 : 0.04) + 0.002 * random.uniform();
      return 0.04;
    });
    const action = { ...manifest.action, joint_names: ['a', 'b', 'c'], unit: ['rad', 'm', 'm'] };
    const [moving, gripper, still] = executedJoints({ ...manifest, action }, actions);
    assert.deepEqual(moving, { name: 'a', unit: 'rad' });
    assert.ok(Math.abs(gripper!.threshold! - 0.021) < 0.001);
    assert.deepEqual(still, { name: 'c', unit: 'm' });
  });

  it('have names and a unit where the policy says none', async () => {
    const { manifest } = await randomPolicy();
    const joints = executedJoints(manifest, new Float32Array(9));
    assert.deepEqual(joints[2], { name: 'action 2', unit: '1' });
  });
});
