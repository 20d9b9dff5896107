import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OBJECTIVES } from '../../src/caching/adaptive_caching_scheduler.js';
import { blockName, blocksOf } from '../../src/caching/blocks.js';
import type { PlanTarget } from '../../src/caching/make_plan.js';
import { acsPlan } from '../../src/caching/methods/acs.js';
import { bacPlan } from '../../src/caching/methods/bac.js';
import { densePlan } from '../../src/caching/methods/dense.js';
import { uniformPlan } from '../../src/caching/methods/uniform.js';
import { METRICS } from '../../src/caching/metrics.js';
import { checkPlanFits, parsePlan, schedulesOf } from '../../src/caching/plan.js';
import { planName } from '../../src/caching/plan_name.js';
import { formatPlan } from '../../src/policy/plan_file.js';
import { writeSafetensors } from '../../src/policy/safetensors.js';
import { bacReference, needsNumpy } from './numpy_reference.js';
import { calibrationOf, POLICY, randomFeatures } from './random_features.js';

const LAYERS = 3;
const STEPS = 24;
const TOKENS = [2, 5, 4] as const; // samples, tokens, embedding
const target: PlanTarget = { policySha256: POLICY, layers: LAYERS, steps: STEPS, solver: 'ddpm' };
const features = randomFeatures(LAYERS, STEPS, TOKENS[0] * TOKENS[1] * TOKENS[2], 5);
const calibration = calibrationOf(features);

describe('planning methods', () => {
  it('make plans that fit the policy and survive their file', () => {
    const plans = [
      bacPlan(target, calibration, { updates: 5, bubblingBlocks: 3 }),
      acsPlan(target, calibration, {
        updates: 5,
        metric: 'l2',
        objective: 'consecutive',
      }),
      uniformPlan(target, { updates: 5 }),
      densePlan(target),
    ];
    for (const plan of plans) {
      const read = parsePlan(JSON.parse(formatPlan(plan)), 'p');
      assert.deepEqual(read, plan);
      checkPlanFits(read, POLICY, { layers: LAYERS }, STEPS, 'p');
    }
    assert.deepEqual(plans.map(planName), [
      'bac_s5_n3_cosine',
      'acs_s5_l2_consecutive',
      'uniform_s5',
      'dense',
    ]);
  });

  it('bac is acs, then the union, then the last step', () => {
    const acs = schedulesOf(acsPlan(target, calibration, { updates: 5, finalUpdate: false }));
    const plain = schedulesOf(
      bacPlan(target, calibration, { updates: 5, bubblingBlocks: 0, finalUpdate: false }),
    );
    assert.deepEqual(plain, acs);
    const bac = schedulesOf(bacPlan(target, calibration, { updates: 5, bubblingBlocks: 3 }));
    const without = schedulesOf(
      bacPlan(target, calibration, { updates: 5, bubblingBlocks: 3, finalUpdate: false }),
    );
    assert.equal(bac.filter((steps) => steps.at(-1) === STEPS - 1).length, 3 * LAYERS);
    for (const [i, schedule] of bac.entries()) {
      assert.deepEqual(
        schedule.filter((step) => step < STEPS - 1 || without[i]!.includes(step)),
        without[i],
      );
    }
    assert.ok(without.filter((steps, i) => steps.length > acs[i]!.length).length <= 3);
  });

  it('final update is on for bac and acs, off for uniform, and named when it is not', () => {
    const bac = bacPlan(target, calibration, { updates: 5, bubblingBlocks: 3, finalUpdate: false });
    const acs = acsPlan(target, calibration, { updates: 5, finalUpdate: false });
    const uniform = uniformPlan(target, { updates: 4, finalUpdate: true });
    assert.deepEqual([bac, acs, uniform].map(planName), [
      'bac_s5_n3_cosine_nofinal',
      'acs_s5_cosine_nofinal',
      'uniform_s4_final',
    ]);
    assert.deepEqual(uniform.blocks[0]!.updates, [0, 6, 12, 18, 23]);
    assert.equal(acsPlan(target, calibration, { updates: 5 }).method.final_update, true);
  });

  it('says what it was made from', () => {
    const { measured } = bacPlan(target, calibration, { updates: 2, bubblingBlocks: 1 });
    const errors = measured!['block_errors'] as Record<string, number>;
    assert.deepEqual(Object.keys(errors), blocksOf(LAYERS).map(blockName));
    assert.ok(Object.values(errors).every((error) => error > 0));
  });
});

describe('bac against the numpy reference', function () {
  let directory = '';
  before(async function () {
    needsNumpy(this);
    directory = mkdtempSync(join(tmpdir(), 'bac_policy_'));
    const values = features[0]![0]!.length;
    await writeSafetensors(
      join(directory, 'features.safetensors'),
      blocksOf(LAYERS).map((block, i) => {
        const data = new Float32Array(STEPS * values);
        features[i]!.forEach((feature, step) => data.set(feature, step * values));
        return [`features.${blockName(block)}`, { dtype: 'F32', shape: [STEPS, ...TOKENS], data }];
      }),
    );
  });
  after(() => {
    if (directory) rmSync(directory, { recursive: true });
  });

  for (const metric of METRICS) {
    for (const objective of OBJECTIVES) {
      it(`gives the same schedules by ${metric}, ${objective}`, () => {
        for (const [updates, bubblingBlocks, finalUpdate] of [
          [6, 3, true],
          [1, 9, false],
          [11, 1, true],
        ] as const) {
          const reference = bacReference(
            join(directory, 'features.safetensors'),
            ...['--updates', String(updates), '--bubbling', String(bubblingBlocks)],
            ...['--metric', metric, '--objective', objective],
            finalUpdate ? '--final-update' : '--no-final-update',
          );
          const options = { updates, bubblingBlocks, metric, objective, finalUpdate };
          const plan = bacPlan(target, calibration, options);
          assert.deepEqual(
            plan.blocks.map(({ layer, kind, updates: steps }) => ({ layer, kind, steps })),
            reference.map(({ layer, kind, updates: steps }) => ({ layer, kind, steps })),
          );
          const errors = Object.values(plan.measured!['block_errors'] as Record<string, number>);
          for (const [i, { error }] of reference.entries()) {
            assert.ok(Math.abs(errors[i]! - error) < 1e-9);
          }
        }
      });
    }
  }
});
