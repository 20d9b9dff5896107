import assert from 'node:assert/strict';
import fc from 'fast-check';
import { nodeParameters } from '../../src/parameters/node_parameters.js';
import type { NodeParameters } from '../../src/parameters/node_parameters.js';
import { objectionToParameters } from '../../src/parameters/objection_to_parameters.js';
import type { ParameterValue } from '../../src/parameters/parameter_declaration.js';
import { defaultValues } from './declared.js';

const POLICY = { joints: 2, actionSteps: 8, rateHz: 20 };

describe('objectionToParameters', () => {
  it('has none to the defaults', () => {
    assert.equal(objectionToParameters(withValues({})), undefined);
    assert.equal(objectionToParameters(withValues({}), POLICY), undefined);
  });

  it('wants limits of one length while no policy is known', () => {
    const next = withValues({ 'limits.position_min': [0, 0], 'limits.velocity': [1, 1, 1] });
    assert.equal(
      objectionToParameters(next),
      'limits.velocity must be as long as limits.position_min (2), not 3',
    );
  });

  it('wants a limit for every joint of the policy', () => {
    const next = withValues({ 'limits.velocity': [1, 1, 1] });
    assert.equal(
      objectionToParameters(next, POLICY),
      "limits.velocity must hold one value for each of the policy's 2 joints, not 3",
    );
    assert.equal(objectionToParameters(next, { ...POLICY, joints: 3 }), undefined);
  });

  it('wants every lowest position below the highest', () => {
    const next = withValues({ 'limits.position_min': [-1, 2], 'limits.position_max': [1, 1.5] });
    assert.equal(
      objectionToParameters(next, POLICY),
      'limits.position_min[1] must be below limits.position_max[1] (1.5), not 2',
    );
  });

  it('accepts position limits exactly where all joints have room', () => {
    const position = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(position, position), { minLength: 1 }), (pairs) => {
        const next = withValues({
          'limits.position_min': pairs.map(([lowest]) => lowest),
          'limits.position_max': pairs.map(([, highest]) => highest),
        });
        const room = pairs.every(([lowest, highest]) => lowest < highest);
        assert.equal(objectionToParameters(next) === undefined, room);
      }),
    );
  });

  it('wants no more actions than the policy predicts for execution', () => {
    assert.equal(objectionToParameters(withValues({ action_horizon: 8 }), POLICY), undefined);
    assert.equal(
      objectionToParameters(withValues({ action_horizon: 9 }), POLICY),
      'action_horizon must be at most 8, the actions the policy predicts for execution, not 9',
    );
  });

  it('wants a rate from somewhere', () => {
    const policy = { joints: 2, actionSteps: 8 };
    assert.equal(
      objectionToParameters(withValues({}), policy),
      'rate_hz must be set, as the policy package names no control rate',
    );
    assert.equal(objectionToParameters(withValues({ rate_hz: 10 }), policy), undefined);
  });

  it('takes topic names that ROS takes', () => {
    for (const topic of ['', 'joint_states', '/camera/image_raw', '~/input', 'a/_b1/c']) {
      assert.equal(objectionToParameters(withValues({ 'sources.wrist.topic': topic })), undefined);
    }
    for (const topic of ['a b', '/', 'a//b', 'a/', '1a', '~a', 'a/1', 'a\n', 'ä']) {
      assert.equal(
        objectionToParameters(withValues({ 'sources.wrist.topic': topic })),
        'sources.wrist.topic must be a topic name such as camera/image_raw',
        JSON.stringify(topic),
      );
    }
  });
});

/** The defaults but for these. */
function withValues(changed: Record<string, ParameterValue>): NodeParameters {
  return nodeParameters(new Map([...defaultValues(['wrist']), ...Object.entries(changed)]));
}
