import assert from 'node:assert/strict';
import fc from 'fast-check';
import { blockName } from '../../src/caching/blocks.js';
import type { PlanTarget } from '../../src/caching/make_plan.js';
import { densePlan } from '../../src/caching/methods/dense.js';
import { uniformPlan } from '../../src/caching/methods/uniform.js';
import {
  checkPlanFits,
  parsePlan,
  schedulesOf,
  updateShare,
  type Plan,
} from '../../src/caching/plan.js';
import { planRaster } from '../../src/caching/plan_raster.js';
import { BadInput } from '../../src/errors.js';
import { formatPlan } from '../../src/policy/plan_file.js';

const target: PlanTarget = { policySha256: '0f'.repeat(32), layers: 2, steps: 8, solver: 'ddpm' };
const good = (): Plan => uniformPlan(target, { updates: 3 });

/** The plan after a change, as it would come out of a file. */
function changed(change: (plan: Record<string, unknown> & Plan) => void): unknown {
  const plan = structuredClone(good()) as Record<string, unknown> & Plan;
  change(plan);
  return JSON.parse(JSON.stringify(plan));
}

describe('parsePlan', () => {
  it('reads back what was written', () => {
    for (const plan of [good(), densePlan(target)]) {
      assert.deepEqual(parsePlan(JSON.parse(formatPlan(plan)), 'p'), plan);
    }
  });

  it('keeps fields of a method that it does not know', () => {
    const plan = parsePlan(
      changed((p) => (p.method = { name: 'searched', tries: 3 })),
      'p',
    );
    assert.deepEqual(plan.method, { name: 'searched', tries: 3 });
  });

  const refusals: [string, RegExp, unknown][] = [
    [
      'updates out of order',
      /blocks\.1\.updates\.2: is not above the one before/,
      changed((p) => (p.blocks[1]!.updates = [0, 5, 3])),
    ],
    [
      'a step twice',
      /blocks\.0\.updates\.1: is not above/,
      changed((p) => (p.blocks[0]!.updates = [0, 0])),
    ],
    [
      'a first update that is not 0',
      /blocks\.0\.updates\.0: is not 0/,
      changed((p) => (p.blocks[0]!.updates = [1, 2])),
    ],
    ['no update at all', /blocks\.0\.updates: /, changed((p) => (p.blocks[0]!.updates = []))],
    [
      'a step beyond the last',
      /blocks\.0\.updates: holds step 8, the steps are 0 to 7/,
      changed((p) => (p.blocks[0]!.updates = [0, 8])),
    ],
    [
      'a fraction of a step',
      /blocks\.0\.updates\.1: /,
      changed((p) => (p.blocks[0]!.updates = [0, 1.5])),
    ],
    [
      'a block twice',
      /blocks\.1: repeats block 0\.self_attention/,
      changed((p) => (p.blocks[1] = p.blocks[0]!)),
    ],
    [
      'an unknown kind of block',
      /blocks\.0\.kind: /,
      changed((p) => Object.assign(p.blocks[0]!, { kind: 'mlp' })),
    ],
    [
      'an unknown predictor',
      /blocks\.0\.predict\.kind: .*'reuse'/,
      changed((p) => Object.assign(p.blocks[0]!, { predict: { kind: 'magic' } })),
    ],
    [
      'other numerics',
      /numerics\.kind: .*'fp32'/,
      changed((p) => Object.assign(p, { numerics: { kind: 'int3' } })),
    ],
    [
      'a correction',
      /correction\.kind: .*'affine'/,
      changed((p) => Object.assign(p, { correction: { kind: 'ridge' } })),
    ],
    [
      'an unknown solver',
      /solver\.kind: /,
      changed((p) => Object.assign(p, { solver: { kind: 'euler' } })),
    ],
    [
      'another format',
      /format: /,
      changed((p) => Object.assign(p, { format: 'bac_policy/plan@2' })),
    ],
    ['an unknown field', /extra/, changed((p) => Object.assign(p, { extra: 1 }))],
    [
      'a method name that is a path',
      /method\.name: must fit in a file name/,
      changed((p) => (p.method = { name: '../x' })),
    ],
    [
      'a digest that is none',
      /policy_sha256: must be a SHA-256/,
      changed((p) => (p.policy_sha256 = 'x')),
    ],
    ['no object', /the top level: /, 7],
  ];
  for (const [what, message, value] of refusals) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parsePlan(value, 'plan.json'),
        (error) => error instanceof BadInput && message.test(error.message),
      );
    });
  }

  it('takes any JSON without failing in another way than BadInput', () => {
    const check = (value: unknown): void => {
      try {
        parsePlan(value, 'p');
      } catch (error) {
        assert.ok(error instanceof BadInput, String(error));
        assert.ok(!error.message.includes('\n'));
      }
    };
    fc.assert(fc.property(fc.jsonValue(), check), { numRuns: 500 });
    // A good plan with one value somewhere replaced by anything.
    const text = JSON.stringify(good());
    const parts = text.match(/"[^"]*"|\d+|[[\]{}:,]/g)!;
    fc.assert(
      fc.property(fc.nat(parts.length - 1), fc.json(), (at, replacement) => {
        let value: unknown;
        try {
          value = JSON.parse([...parts.slice(0, at), replacement, ...parts.slice(at + 1)].join(''));
        } catch {
          return;
        }
        check(value);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('checkPlanFits', () => {
  const fits = (plan: Plan, policy = target.policySha256, layers = 2, steps = 8): void =>
    checkPlanFits(plan, policy, { layers }, steps, 'plan.json');

  it('accepts a plan for this policy, its blocks in any order', () => {
    const plan = good();
    fits({ ...plan, blocks: [...plan.blocks].reverse() });
  });

  it('refuses a plan for another policy', () => {
    assert.throws(
      () => fits(good(), 'aa'.repeat(32)),
      /plan for another policy \(0f0f0f0f0f0f, this one is aaaaaaaaaaaa\)/,
    );
  });

  it('refuses more steps than the policy has', () => {
    assert.throws(() => fits(good(), undefined, 2, 7), /has 8 steps, the policy only 7/);
  });

  it('refuses a missing block and a layer too many', () => {
    const plan = good();
    assert.throws(
      () => fits({ ...plan, blocks: plan.blocks.filter((_, i) => i !== 4) }),
      /no schedule for block 1\.cross_attention/,
    );
    assert.throws(() => fits(plan, undefined, 1), /a layer that the policy's 1 layers do not have/);
  });
});

describe('schedulesOf, updateShare, planRaster', () => {
  const plan = good();
  plan.blocks[3]!.updates = [0, 7];
  const shuffled = { ...plan, blocks: [...plan.blocks].reverse() };

  it('lists schedules in canonical order', () => {
    assert.deepEqual(schedulesOf(shuffled)[3], [0, 7]);
    assert.deepEqual(schedulesOf(shuffled)[0], [0, 2, 5]);
  });

  it('counts block updates', () => {
    assert.equal(updateShare(plan), (5 * 3 + 2) / (6 * 8));
    assert.equal(updateShare(densePlan(target)), 1);
  });

  it('draws one line per block', () => {
    const lines = planRaster(shuffled).split('\n');
    assert.equal(lines.length, 6);
    assert.equal(lines[0], '0.self_attention   3  #.#..#..');
    assert.equal(lines[3], `${blockName(plan.blocks[3]!)}   2  #......#`);
  });

  it('stays narrow for many steps', () => {
    const wide = planRaster(uniformPlan({ ...target, steps: 1000 }, { updates: 4 }));
    assert.ok(wide.split('\n').every((line) => line.length <= 130));
    assert.equal(wide.split('\n')[0]!.match(/#/g)!.length, 4);
  });
});
