import assert from 'node:assert/strict';
import { checkPlanFields } from '../../src/caching/check_plan_fields.js';
import type { Plan } from '../../src/caching/plan.js';
import { BadInput } from '../../src/errors.js';

const POLICY = { layers: 2, horizon: 6, n_obs_steps: 2 };

function check(fields: Partial<Plan>): void {
  const plan = { blocks: [], numerics: { kind: 'fp32' as const }, ...fields };
  checkPlanFields(plan, POLICY, 'plan.json');
}

function updating(tokens: (number[] | null)[]): Partial<Plan> {
  const reuse = { kind: 'reuse' } as const;
  return {
    blocks: [{ layer: 1, kind: 'feed_forward', updates: [0, 3], predict: reuse, tokens }],
  };
}

describe('checkPlanFields', () => {
  it('accepts the last of everything', () => {
    check(updating([null, [0, 5]]));
    check({ memory: { kind: 'evict', from_step: 0, keep: [0, 2] } });
    check({ numerics: { kind: 'int8', blocks: ['1.feed_forward'] } });
    check({ numerics: { kind: 'int8' } });
  });

  for (const [fields, message] of [
    [updating([null, [6]]), /names action token 6 for 1\.feed_forward, the last is 5/],
    [{ memory: { kind: 'evict', from_step: 0, keep: [1] } }, /evicts the time token/],
    [{ memory: { kind: 'evict', from_step: 0, keep: [0, 3] } }, /memory token 3, the last is 2/],
    [{ numerics: { kind: 'int8', blocks: ['2.feed_forward'] } }, /2\.feed_forward in int8/],
  ] as const satisfies readonly (readonly [unknown, RegExp])[]) {
    it(`refuses what the policy does not have: ${message.source}`, () => {
      assert.throws(
        () => check(fields as Partial<Plan>),
        (error) => error instanceof BadInput && message.test(error.message),
      );
    });
  }
});
