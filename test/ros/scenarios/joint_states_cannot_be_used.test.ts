import assert from 'node:assert/strict';
import { jointStates, PANDA_JOINTS } from '../../support/ros_inputs.js';
import { liftPolicy } from '../../support/ros_policies.js';
import { HOLD_MS } from '../../support/ros_scene.js';
import { scenario } from '../../support/ros_scenario.js';

const POSITIONS = [0, 0.2, 0, -2.4, 0, 2.6, 0.8, 0.04];
const MAX_AGE_MS = 105;
const reversed = jointStates(POSITIONS.toReversed(), PANDA_JOINTS.toReversed());

scenario('joint states cannot be used', liftPolicy, {}, (scene) => {
  for (const [what, message, says] of [
    ['a NaN', jointStates(POSITIONS.with(3, Number.NaN)), /panda_joint4.*NaN|NaN.*panda_joint4/],
    ['an infinity', jointStates(POSITIONS.with(0, -Infinity)), /panda_joint1.*Infinity|finite/],
    [
      'names of another robot',
      jointStates(
        POSITIONS,
        PANDA_JOINTS.map((n) => `ur_${n}`),
      ),
      /joint/,
    ],
    ['a joint too few', jointStates(POSITIONS.slice(1), PANDA_JOINTS.slice(1)), /panda_joint1/],
    ['fewer positions than names', jointStates(POSITIONS.slice(1)), /position/],
    ['no positions', jointStates([], PANDA_JOINTS), /position/],
  ] as const) {
    it(`holds while they come with ${what}`, async () => {
      const send = async (): Promise<number> => scene().peer.stream(message, { hz: 50 });
      const afterMs = await scene().holdsAfter(send);
      assert.ok(afterMs < MAX_AGE_MS + HOLD_MS, `${afterMs} ms`);
      await scene().says(says);
      await scene().isSilent(300);
      await scene().peer.stream(jointStates(), { hz: 50 });
      await scene().flows(2);
      await scene().isWell();
    });
  }

  it('takes the joints by name, in any order and beside others', async () => {
    const names = ['lid', ...PANDA_JOINTS.toReversed(), 'wheel'];
    const first = (await scene().flows(2)).at(-1)!.message;
    await scene().peer.stream(jointStates([9, ...POSITIONS.toReversed(), 8], names), { hz: 50 });
    const flowing = (await scene().flows(3)).at(-1)!.message;
    assert.equal(flowing.n_actions, first.n_actions);
    await scene().peer.stream(reversed, { hz: 50 });
    await scene().flows(2);
    await scene().isWell();
  });

  it('goes on while the gripper speaks for itself on the same topic', async () => {
    const arm = jointStates(POSITIONS);
    const gripper = jointStates([0.5], ['another_gripper']);
    const both = { ...arm, cdr: [...arm.cdr, ...gripper.cdr] };
    await scene().peer.stream(both, { hz: 100 });
    await scene().flows(3);
    await scene().isWell();
  });
});
