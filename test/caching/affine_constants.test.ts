import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { affineConstants, affineRuns } from '../../src/caching/affine_constants.js';
import { denoisingProgram, programKey } from '../../src/caching/denoising_program.js';
import { BadInput } from '../../src/errors.js';
import { denoisingSteps } from '../../src/policy/noise_schedule.js';
import { constantsPath, readPlanFor, writePlan } from '../../src/policy/plan_file.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { elementCount, floatTensor, type Tensor } from '../../src/policy/safetensors.js';
import { assertClose } from '../support/assert_close.js';
import { planFor } from '../support/plans.js';
import { randomAffineRuns } from '../support/random_affine_runs.js';
import { randomPolicy } from '../support/random_policy.js';
import { unified } from '../support/schedules.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

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

  it('have their noise rounded to half precision, and nothing else', () => {
    const settings = { lookAhead: true, previous: true, noiseSteps: 3 };
    const runs = randomAffineRuns(policy, EVALUATIONS, settings);
    for (const [i, run] of read(affineConstants(runs)).entries()) {
      assert.deepEqual({ ...run, noise: runs[i]!.noise }, runs[i]);
      assert.notDeepEqual(run.noise, runs[i]!.noise);
      assertClose(run.noise, runs[i]!.noise, 2 ** -12, 'noise of values below 1');
    }
  });

  it('are left as they are where the noise is too large for half precision', () => {
    const settings = { lookAhead: false, noiseSteps: 3 };
    const [run] = randomAffineRuns(policy, [0], settings);
    const noise = run!.noise.with(5, 65520);
    assert.equal(affineConstants([{ ...run!, noise }]).get('affine.0.noise')!.data, noise);
  });

  it('of a causal policy are stored without what no token sees, and read as before', () => {
    const { horizon, action_dim: width } = policy.manifest.architecture;
    const size = horizon * width;
    const settings = { lookAhead: true, previous: true, noiseSteps: 3 };
    const token = (i: number): number => Math.floor((i % size) / width);
    const causal = randomAffineRuns(policy, EVALUATIONS, settings).map((run) => ({
      ...run,
      noise: run.noise.map((value, i) => (token(i) < token(Math.floor(i / size)) ? 0 : value)),
    }));
    const packed = affineConstants(causal, horizon);
    assert.ok(!packed.has('affine.0.noise'));
    const { shape } = packed.get('affine.7.noise_causal')!;
    assert.deepEqual(shape, [3, (width * width * horizon * (horizon + 1)) / 2]);
    assert.deepEqual(read(packed), read(affineConstants(causal)));
    const short = floatTensor([3, 1], new Float32Array(3));
    assert.throws(() => read(new Map(packed).set('affine.7.noise_causal', short)), BadInput);
  });

  it('are stored whole where a token depends on a later one', () => {
    const { horizon } = policy.manifest.architecture;
    const settings = { lookAhead: true, previous: true, noiseSteps: 3 };
    const runs = randomAffineRuns(policy, EVALUATIONS, settings);
    assert.deepEqual(affineConstants(runs, horizon), affineConstants(runs));
  });

  it('in single precision are read, as they were written once', () => {
    const { shape } = constants.get('affine.0.noise')!;
    const data = new Float32Array(elementCount(shape)).fill(1 / 3);
    const old = new Map(constants).set('affine.0.noise', floatTensor(shape, data));
    assert.deepEqual(read(old)[0]!.noise, data);
  });

  it('are the same program in memory and in the file', async () => {
    const plan = {
      ...planFor(policy, unified(6, EVALUATIONS)),
      correction: { kind: 'affine' as const },
    };
    const path = join(temporaryDirectory(), 'plan.json');
    await writePlan(path, plan, constants);
    const file = await readPlanFor(path, policy);
    assert.deepEqual(file.constants, constants);
    const [written, made] = [file, { plan, constants }].map((given) =>
      programKey(denoisingProgram(policy.manifest, given)),
    );
    assert.equal(written, made);
    const bytes = readFileSync(constantsPath(path));
    const header = bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE()));
    const entries = JSON.parse(header) as Record<string, { dtype: string }>;
    for (const name of constants.keys()) {
      assert.equal(entries[name]!.dtype, name.endsWith('.noise') ? 'F16' : 'F32', name);
    }
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
