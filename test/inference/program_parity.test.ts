import assert from 'node:assert/strict';
import { affineConstants } from '../../src/caching/affine_constants.js';
import { type DenoisingProgram, denoisingProgram } from '../../src/caching/denoising_program.js';
import type { DenoisingInputs } from '../../src/caching/denoising_inputs.js';
import type { SolverKind } from '../../src/caching/plan_fields.js';
import { openDenoiser } from '../../src/inference/denoiser.js';
import { openInterpreter } from '../../src/inference/interpreter.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { assertClose } from '../support/assert_close.js';
import { denoiseAll } from '../support/engines.js';
import { planFor } from '../support/plans.js';
import { randomAffineRuns } from '../support/random_affine_runs.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';
import { type Schedules, unified } from '../support/schedules.js';

const TOLERANCE = 1e-4;
const BLOCKS = 6;
const STEPS = 20;

describe('compiled and block by block agree', () => {
  let policy: PolicyPackage;
  before(async () => {
    policy = await randomPolicy();
  });

  for (const kind of ['ddim', 'dpm-solver++', 'ddpm'] as const) {
    for (const steps of [STEPS, 10, 4]) {
      it(`under ${kind} with ${steps} steps, every block at each and with reuse`, async () => {
        const every = Array.from({ length: steps }, (_, k) => k);
        const dense = await compare(policy, solved(policy, kind, steps, unified(BLOCKS, every)));
        const cached = await compare(policy, solved(policy, kind, steps, unified(BLOCKS, [0, 2])));
        assert.notDeepEqual(dense, cached);
      });
    }
  }

  it('dense, step by step', async () => {
    await compare(policy, denoisingProgram(policy.manifest));
  });

  it('refuse to be told what they were not compiled for', async () => {
    const denoiser = await openDenoiser(policy, undefined);
    const inputs = randomInputs(policy, 1, 5);
    const known = inputs.initialNoise;
    await assert.rejects(
      denoiseAll(denoiser, policy, inputs, { known, weight: known }),
      /not compiled for inpainting/,
    );
    await denoiser.close();
  });

  it('under a solver with more steps than there is noise for, which is refused', () => {
    assert.throws(() => solved(policy, 'ddim', STEPS + 1, unified(BLOCKS, [0])), /21 steps/);
  });

  for (const [lookAhead, previous, what] of [
    [false, false, ''],
    [true, false, ', looking ahead'],
    [false, true, ', looking back'],
    [true, true, ', looking ahead and back'],
  ] as const) {
    for (const evaluations of [[0], [0, 7, 8, 19]]) {
      it(`with affine runs from ${evaluations.join()}${what}`, async () => {
        const runs = randomAffineRuns(policy, evaluations, { lookAhead, previous, noiseSteps: 3 });
        await compare(
          policy,
          denoisingProgram(policy.manifest, {
            plan: {
              ...planFor(policy, unified(BLOCKS, evaluations)),
              correction: { kind: 'affine' },
            },
            constants: affineConstants(runs),
          }),
        );
      });
    }
  }

  it('with affine runs between evaluations of some blocks', async () => {
    const schedules = unified(BLOCKS, [0, 12]).with(1, [0]).with(4, [0, 6]);
    const runs = randomAffineRuns(policy, [0, 6, 12], { lookAhead: true, noiseSteps: 20 });
    await compare(
      policy,
      denoisingProgram(policy.manifest, {
        plan: { ...planFor(policy, schedules), correction: { kind: 'affine' } },
        constants: affineConstants(runs),
      }),
    );
  });

  it("with factors of the network's output", async () => {
    const factors = Array.from({ length: STEPS }, (_, k) => 0.9 + k / 100);
    const plan = planFor(policy, unified(BLOCKS, [0, 5]));
    const scaled = await compare(
      policy,
      denoisingProgram(policy.manifest, {
        plan: { ...plan, correction: { kind: 'noise-scale', factors } },
        constants: new Map(),
      }),
    );
    const plain = await compare(
      policy,
      denoisingProgram(policy.manifest, { plan, constants: new Map() }),
    );
    assert.notDeepEqual(scaled, plain);
  });
});

function solved(
  policy: PolicyPackage,
  kind: SolverKind,
  steps: number,
  schedules: Schedules,
): DenoisingProgram {
  return denoisingProgram(policy.manifest, {
    plan: { ...planFor(policy, schedules), steps, solver: { kind } },
    constants: new Map(),
  });
}

async function compare(policy: PolicyPackage, program: DenoisingProgram): Promise<Float32Array> {
  const inputs = randomInputs(policy, 4, 5);
  const interpreter = await openInterpreter(policy, { threads: 1, batch: 3 });
  const expected = await interpreter.run({ ...inputs, program });
  await interpreter.close();
  const denoiser = await openDenoiser(policy, program);
  const { sample } = await denoiseAll(denoiser, policy, inputs);
  await denoiser.close();
  assert.ok(sample.some((value) => value !== 0));
  assertClose(sample, expected.sample, TOLERANCE, 'samples');
  await compareInpainted(policy, program, inputs, sample);
  return sample;
}

/** The same where part of the chunks is known. @param free what comes of them where nothing is */
async function compareInpainted(
  policy: PolicyPackage,
  program: DenoisingProgram,
  inputs: DenoisingInputs,
  free: Float32Array,
): Promise<void> {
  const known = free.map((_, i) => Math.sin(3 * i));
  const weight = free.map((_, i) => [0, 0.3, 1][i % 3]!);
  const interpreter = await openInterpreter(policy, { threads: 1, batch: 3 });
  const inpainting = { known, weight };
  const { sample: expected } = await interpreter.run({ ...inputs, program, inpainting });
  await interpreter.close();
  const denoiser = await openDenoiser(policy, program, { inpainting: true });
  const { sample } = await denoiseAll(denoiser, policy, inputs, inpainting);
  const nothing = await denoiseAll(denoiser, policy, inputs);
  await denoiser.close();
  assertClose(sample, expected, TOLERANCE, 'inpainted samples');
  assertClose(nothing.sample, free, TOLERANCE, 'samples of which nothing is known');
  for (const [i, value] of sample.entries()) {
    if (weight[i] === 1) assert.ok(Math.abs(value - known[i]!) < TOLERANCE, `${i}: ${value}`);
  }
}
