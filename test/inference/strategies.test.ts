import assert from 'node:assert/strict';
import type { DenoisingInputs } from '../../src/caching/denoising_inputs.js';
import { denoisingProgram } from '../../src/caching/denoising_program.js';
import { METHODS, methodNamed } from '../../src/caching/methods/methods.js';
import type { MadePlan, MethodContext } from '../../src/caching/methods/method.js';
import { checkPlanFits, parsePlan } from '../../src/caching/plan.js';
import { planName } from '../../src/caching/plan_name.js';
import { recordFeatures } from '../../src/caching/record_features.js';
import type { Trajectories } from '../../src/caching/trajectories.js';
import type { Calibration } from '../../src/caching/calibration.js';
import { blocksOf } from '../../src/caching/blocks.js';
import { calibrationRun } from '../../src/inference/calibration_run.js';
import { type Interpreter, openInterpreter } from '../../src/inference/interpreter.js';
import { executedActions } from '../../src/policy/executed_actions.js';
import { formatPlan } from '../../src/policy/plan_file.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { assertClose } from '../support/assert_close.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';

const SAMPLES = 5;
const BATCH = 3;
/** Beside a batch that computes a block for some samples only, rounding is the same. */
const EXACT = 0;

describe('methods on a policy, by the interpreter', () => {
  let policy: PolicyPackage;
  let interpreter: Interpreter;
  let inputs: DenoisingInputs;
  let context: MethodContext;
  let dense: Float32Array;
  let denseBlocks: number;

  before(async () => {
    policy = await randomPolicy();
    const { manifest } = policy;
    interpreter = await openInterpreter(policy, { threads: 1, batch: BATCH });
    inputs = randomInputs(policy, SAMPLES, 3);
    const run = calibrationRun(interpreter, manifest, randomInputs(policy, SAMPLES, 4));
    context = {
      policySha256: policy.sha256,
      manifest,
      calibration: { ...(await featuresOf()), trajectories: await trajectoriesOf() },
      run,
      measure: async (made) => error(await sampleOf(made)),
    };
    const result = await interpreter.run(inputs);
    dense = result.sample;
    denseBlocks = 3 * manifest.architecture.layers * manifest.noise_scheduler.steps;
    assert.deepEqual([...result.computedBlocks], Array(SAMPLES).fill(denseBlocks));
  });
  after(() => interpreter.close());

  /** Of one episode; the last observation twice. */
  async function trajectoriesOf(): Promise<Trajectories> {
    const samples = SAMPLES + 1;
    const given = randomInputs(policy, samples, 6);
    const { condition } = given;
    condition.copyWithin(
      (samples - 1) * (condition.length / samples),
      (samples - 2) * (condition.length / samples),
    );
    const { sample } = await interpreter.run(given);
    return {
      ...{ samples, condition, states: [sample], clean: [] },
      episodes: new Int32Array(samples),
      observations: Int32Array.from({ length: samples }, (_, i) => Math.min(i, samples - 2)),
    };
  }

  async function featuresOf(): Promise<Calibration> {
    const { architecture, noise_scheduler: scheduler } = policy.manifest;
    const blocks = blocksOf(architecture.layers);
    const statistics = await recordFeatures(
      (request) => interpreter.run(request),
      randomInputs(policy, 2, 5),
      { steps: scheduler.steps, blocks: blocks.length, batch: 2 },
    );
    return {
      policySha256: policy.sha256,
      steps: scheduler.steps,
      solver: 'ddpm',
      samples: 2,
      seed: 0,
      sources: [],
      blocks: blocks.map((block, i) => ({ block, statistics: statistics[i]! })),
    };
  }

  const make = (name: string, options: Record<string, unknown> = {}): Promise<MadePlan> =>
    methodNamed(name).make(context, options);

  async function runOf(made: MadePlan): Promise<{ sample: Float32Array; share: number }> {
    const program = denoisingProgram(policy.manifest, made);
    const { sample, computedBlocks } = await interpreter.run({ ...inputs, program });
    const blocks = computedBlocks.reduce((sum, count) => sum + count, 0);
    return { sample, share: blocks / SAMPLES / denseBlocks };
  }
  const sampleOf = async (made: MadePlan): Promise<Float32Array> => (await runOf(made)).sample;

  /** RMSE of the executed actions against dense. */
  function error(sample: Float32Array): number {
    const expected = executedActions(policy.manifest, dense);
    const squares = executedActions(policy.manifest, sample).map(
      (value, i) => (value - expected[i]!) ** 2,
    );
    return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
  }

  for (const { name, decisions } of METHODS) {
    it(`${name} makes a plan that fits, survives its file and runs`, async () => {
      const made = await make(name);
      const read = parsePlan(JSON.parse(formatPlan(made.plan)), 'p');
      assert.deepEqual(read, made.plan);
      const { architecture, noise_scheduler: scheduler } = policy.manifest;
      checkPlanFits(read, policy.sha256, architecture, scheduler.steps, 'p');
      assert.match(planName(read), /^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/);
      assert.equal(read.decision !== undefined, decisions === 'online');
      const { sample, share } = await runOf(made);
      assert.ok(sample.every(Number.isFinite));
      if (name === 'dense') assertClose(sample, dense, EXACT, name);
      else assert.ok(share < 1, `computes ${share} of all blocks`);
    });
  }

  it('online methods compute all where nothing may differ: the dense policy exactly', async () => {
    for (const [name, options] of [
      ['sortblock', { share: 1 }],
      ['sortblock', { share: 0.01, interval: 1 }],
      ['teacache', { threshold: 1e-30 }],
      ['fastcache', { tolerance: 1e-12 }],
    ] as const) {
      const { sample, share } = await runOf(await make(name, options));
      assertClose(sample, dense, EXACT, name);
      assert.equal(share, 1, name);
    }
  });

  it('static methods are the dense policy exactly where every step updates', async () => {
    const { steps } = policy.manifest.noise_scheduler;
    for (const name of ['taylor', 'adams-bashforth', 'linear', 'uniform']) {
      assertClose(await sampleOf(await make(name, { updates: steps })), dense, EXACT, name);
    }
    const token = await make('token', { updates: steps, share: 1 });
    assertClose(await sampleOf(token), dense, EXACT, 'token');
    const ddpmFactors = await make('exposure-bias', { updates: steps });
    assertClose(await sampleOf(ddpmFactors), dense, 1e-4, 'exposure-bias');
  });

  it('errors fall as more is computed', async () => {
    for (const [name, key, values] of [
      ['uniform', 'updates', [2, 10, 19]],
      ['taylor', 'updates', [2, 10, 19]],
      ['sortblock', 'share', [0.01, 0.5, 0.99]],
      ['teacache', 'threshold', [10, 0.5, 0.05]],
      ['fastcache', 'tolerance', [10, 0.3, 0.01]],
      ['token', 'share', [0.1, 0.5, 1]],
    ] as const) {
      const runs = [];
      for (const value of values) runs.push(await runOf(await make(name, { [key]: value })));
      const shares = runs.map(({ share }) => share);
      assert.deepEqual(
        shares,
        shares.toSorted((a, b) => a - b),
        name,
      );
      const [few, , most] = runs.map(({ sample }) => error(sample)) as [number, number, number];
      assert.ok(most < few, `${name}: ${most} with more, ${few} with less`);
    }
  });

  it('chunk-reuse gives the chunk before again, more often the more it may', async () => {
    const { samples, condition } = inputs;
    const size = condition.length / samples;
    // Two observations, each for some chunks.
    const seen = condition.slice();
    for (const i of [1, 2]) seen.copyWithin(i * size, 0, size);
    seen.copyWithin(4 * size, 3 * size, 4 * size);
    const program = denoisingProgram(policy.manifest, await make('chunk-reuse', { share: 0.01 }));
    const alone = { ...inputs, condition: seen };
    const { sample: without } = await interpreter.run(alone);
    const { sample, computedBlocks } = await interpreter.run({ ...alone, program });
    // One is trusted, then one is computed to see.
    assert.deepEqual(
      [...computedBlocks].map((count) => count > 0),
      [true, false, true, true, false],
    );
    const chunk = (values: Float32Array, i: number): Float32Array =>
      values.slice((i * values.length) / samples, ((i + 1) * values.length) / samples);
    for (const [i, from] of [0, 0, 2, 3, 3].entries()) {
      assert.deepEqual(chunk(sample, i), chunk(without, from), String(i));
    }
  });

  it('chunk-reuse builds upon a plan, unless that decides already', async () => {
    const base = await make('uniform', { updates: 4 });
    const reuse = methodNamed('chunk-reuse');
    const { plan } = await reuse.make({ ...context, base }, {});
    assert.deepEqual([plan.blocks, plan.method.name], [base.plan.blocks, 'uniform']);
    const online = await make('teacache');
    await assert.rejects(reuse.make({ ...context, base: online }, {}), /decides already/);
    const calibration = await featuresOf();
    await assert.rejects(reuse.make({ ...context, calibration }, {}), /no dense runs/);
  });

  it('decide for every sample by itself', async () => {
    const made = await make('teacache', { threshold: 0.8 });
    const program = denoisingProgram(policy.manifest, made);
    const together = await interpreter.run({ ...inputs, program });
    const alone = await openInterpreter(policy, { threads: 1, batch: 1 });
    const single = await alone.run({ ...inputs, program });
    await alone.close();
    assert.deepEqual([...single.computedBlocks], [...together.computedBlocks]);
    assertClose(together.sample, single.sample, 1e-5, 'samples');
    assert.ok(new Set(together.computedBlocks).size > 1, 'all samples decide the same');
  });

  it('token updates count as their share', async () => {
    const { share } = await runOf(await make('token', { updates: 4, share: 0.5 }));
    assert.ok(Math.abs(share - (1 + 3 * 0.5) / 20) < 1e-9, String(share));
  });

  it('keeping all memory tokens changes nothing; evicting changes the later steps only', async () => {
    const base = await sampleOf(await make('uniform'));
    assertClose(await sampleOf(await make('evict', { keep: 3 })), base, EXACT, 'all kept');
    const late = error(await sampleOf(await make('evict', { keep: 1, from: 19 })));
    const early = error(await sampleOf(await make('evict', { keep: 1, from: 1 })));
    assert.ok(Number.isFinite(early) && late !== early);
  });

  it('builds upon another plan, and its name says both', async () => {
    const base = await make('bac', { updates: 4, bubbling: 2 });
    const made = await methodNamed('taylor').make({ ...context, base }, { order: 1 });
    assert.deepEqual(
      made.plan.blocks.map(({ updates }) => updates),
      base.plan.blocks.map(({ updates }) => updates),
    );
    assert.equal(planName(made.plan), 'bac_s4_n2_cosine_taylor1');
    const both = await methodNamed('int8').make({ ...context, base: made }, {});
    assert.equal(planName(both.plan), 'bac_s4_n2_cosine_taylor1_int8');
    assert.deepEqual(both.plan.method['then'], ['taylor', 'int8']);
    await assert.rejects(
      methodNamed('taylor').make({ ...context, base }, { updates: 3 }),
      /plan to build upon/,
    );
  });

  it('exposure bias: the output of the cached policy gets the dense norm', async () => {
    const made = await make('exposure-bias', { updates: 5 });
    assert.ok(made.plan.correction?.kind === 'noise-scale');
    const { factors } = made.plan.correction;
    assert.equal(factors.length, 20);
    assert.equal(factors[0], 1);
    assert.ok(factors.some((factor) => Math.abs(factor - 1) > 0.01));
    const norms = async (plan?: MadePlan): Promise<number[]> => {
      const sums = Array<number>(20).fill(0);
      await context.run!.run(plan, {
        onOutput: ({ step, output }) => {
          for (const value of output) sums[step]! += value ** 2;
        },
      });
      return sums;
    };
    const expected = await norms();
    const cached = await norms(made);
    const plain = await norms(await make('uniform', { updates: 5 }));
    const distance = (sums: readonly number[], scale: (k: number) => number): number =>
      sums.reduce(
        (sum, value, k) => sum + Math.abs(Math.log((value * scale(k)) / expected[k]!)),
        0,
      );
    const corrected = distance(cached, (k) => factors[k]! ** 2);
    assert.ok(corrected < 0.5 * distance(plain, () => 1));
  });

  it('int8 in some blocks takes those whose errors are smallest alone', async () => {
    const errors = new Map<string, number>();
    let next = 10;
    const measure = async ({ plan }: MadePlan): Promise<number> => {
      assert.ok(plan.numerics.kind === 'int8' && plan.numerics.blocks?.length === 1);
      errors.set(plan.numerics.blocks[0]!, (next * 7) % 11);
      return (next++ * 7) % 11;
    };
    const made = await methodNamed('int8').make({ ...context, measure }, { blocks: 2 });
    const least = [...errors].sort((a, b) => a[1] - b[1]).slice(0, 2);
    assert.ok(made.plan.numerics.kind === 'int8');
    assert.deepEqual(new Set(made.plan.numerics.blocks), new Set(least.map(([name]) => name)));
    assert.equal(errors.size, 6);
  });

  it('other solvers take their number of steps, cached or not', async () => {
    const ddim = await make('ddim', { steps: 5 });
    assert.deepEqual(
      [ddim.plan.steps, ddim.plan.solver.kind, planName(ddim.plan)],
      [5, 'ddim', 'ddim_s5'],
    );
    const cached = await make('dpm-solver++', { steps: 10, updates: '5' });
    assert.equal(planName(cached.plan), 'dpm-solver10_s5');
    assert.equal((await runOf(cached)).share, 5 / 20);
  });

  it('say in one line what they lack or do not take', async () => {
    const bare: MethodContext = { policySha256: policy.sha256, manifest: policy.manifest };
    for (const { name, needs } of METHODS) {
      const options = name === 'int8' ? { blocks: 1 } : {};
      const made = methodNamed(name).make(bare, options);
      if (needs.length === 0) await made;
      else await assert.rejects(made, new RegExp(`method ${name} needs a calibration`));
    }
    await assert.rejects(make('taylor', { order: 4 }), /order/);
    await assert.rejects(make('uniform', { updates: 21 }), /more than the policy's 20/);
    await assert.rejects(make('evict', { keep: 4 }), /3 memory tokens/);
    await assert.rejects(make('sortblock', { share: 'much' }), /share/);
    await assert.rejects(make('dense', { updates: 3 }), /updates/);
    assert.throws(() => methodNamed('magic'), /there is no method 'magic'.*bac, acs/s);
  });
});
