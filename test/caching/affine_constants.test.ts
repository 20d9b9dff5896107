import assert from 'node:assert/strict';
import { affineConstants, affineRuns } from '../../src/caching/affine_constants.js';
import { BadInput } from '../../src/errors.js';
import { denoisingSteps } from '../../src/policy/noise_schedule.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { floatTensor, type Tensor } from '../../src/policy/safetensors.js';
import { randomAffineRuns } from '../support/random_affine_runs.js';
import { randomPolicy } from '../support/random_policy.js';

const EVALUATIONS = [0, 7, 12];

describe('constants of affine runs', () => {
  let policy: PolicyPackage;
  let constants: Map<string, Tensor>;
  before(async () => {
    policy = await randomPolicy();
    const settings = { lookAhead: true, previous: true, noiseSteps: 3 };
    constants = affineConstants(randomAffineRuns(policy, EVALUATIONS, settings));
  });

  const read = (known: ReadonlyMap<string, Tensor>) => {
    const { architecture, noise_scheduler: scheduler } = policy.manifest;
    return affineRuns(EVALUATIONS, denoisingSteps(scheduler), architecture, known, 'plan.json');
  };
  const refused = (name: string, tensor: Tensor | undefined, message: RegExp): void => {
    const damaged = new Map(constants);
    if (tensor) damaged.set(name, tensor);
    else damaged.delete(name);
    assert.throws(
      () => read(damaged),
      (error) =>
        error instanceof BadInput &&
        error.message.startsWith(`plan.json: constant '${name}'`) &&
        message.test(error.message),
    );
  };

  it('are read as they were written', () => {
    assert.deepEqual(affineConstants(read(constants)), constants);
  });

  for (const part of ['state', 'clean', 'asked', 'previous_state', 'previous_clean']) {
    it(`are refused by name when ${part} is cut off, of another type or not finite`, () => {
      const name = `affine.7.${part}`;
      const { shape, data } = constants.get(name)!;
      const [rows, columns] = shape as [number, number];
      const whole = data as Float32Array;
      const shorter = floatTensor([rows - 1, columns], whole.slice(columns));
      refused(name, shorter, /must be F32 \[\d+, \d+\], it is F32 \[\d+, \d+\]/);
      const integers: Tensor = { dtype: 'I64', shape, data: new BigInt64Array(whole.length) };
      refused(name, integers, /it is I64/);
      refused(
        name,
        floatTensor(
          shape,
          whole.map(() => NaN),
        ),
        /not finite/,
      );
    });
  }

  it('are refused when half of what looks back is missing', () => {
    refused('affine.7.previous_clean', undefined, /it is missing/);
  });

  it('are refused when the first run looks back', () => {
    const state = constants.get('affine.7.previous_state')!;
    refused('affine.0.previous_state', state, /an evaluation before the first/);
  });
});
