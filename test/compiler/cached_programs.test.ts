import assert from 'node:assert/strict';
import { type DenoisingProgram, denoisingProgram } from '../../src/caching/denoising_program.js';
import type { Plan } from '../../src/caching/plan.js';
import type { Predict } from '../../src/caching/plan_fields.js';
import { buildChunkGraph } from '../../src/compiler/chunk_graph.js';
import { denoiserWeights } from '../../src/compiler/denoiser_weights.js';
import { openDenoiser } from '../../src/inference/denoiser.js';
import { openInterpreter } from '../../src/inference/interpreter.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { floatTensor, type Tensor } from '../../src/policy/safetensors.js';
import { assertClose } from '../support/assert_close.js';
import { denoiseAll } from '../support/engines.js';
import { planFor } from '../support/plans.js';
import { randomInputs, randomPolicy, type RandomPolicyOptions } from '../support/random_policy.js';
import { growingRuns, randomSchedules, type Schedules, unified } from '../support/schedules.js';
import { normals } from '../support/seeded_random.js';

const TOLERANCE = 1e-4;
const SAMPLES = 32;
const BLOCKS = 6;
const STEPS = 20;

const PREDICTORS: readonly Predict[] = [
  { kind: 'adams-bashforth' },
  { kind: 'taylor', order: 1 },
  { kind: 'taylor', order: 2 },
  { kind: 'taylor', order: 3 },
];

const SCHEDULES: Readonly<Record<string, Schedules>> = {
  'one schedule for all blocks': unified(BLOCKS, [0, 2, 5, 6, 11, 17]),
  'growing runs': growingRuns(BLOCKS, STEPS),
  'a schedule per block': randomSchedules(BLOCKS, STEPS, 4, 5),
};

describe('branches forecast between updates, compiled against block by block', () => {
  let policy: PolicyPackage;
  before(async () => {
    policy = await randomPolicy();
  });

  for (const predict of PREDICTORS) {
    const name = predict.kind === 'taylor' ? `taylor ${predict.order}` : predict.kind;
    for (const [title, schedules] of Object.entries(SCHEDULES)) {
      it(`${name}, ${title}`, async () => {
        const plain = planFor(policy, schedules);
        const sample = await compare(
          policy,
          withBlocks(plain, () => ({ predict })),
        );
        assertFar(sample, await run(policy, program(policy, plain)));
      });
    }
  }

  it('each block in its own way', async () => {
    const plan = planFor(policy, randomSchedules(BLOCKS, STEPS, 8, 4));
    const kinds: readonly Predict[] = [{ kind: 'reuse' }, ...PREDICTORS];
    await compare(
      policy,
      withBlocks(plan, (i) => ({ predict: kinds[i % kinds.length]! })),
    );
  });

  it('where the reuse space is too wide', async () => {
    const wide = await randomPolicy({ architecture: { action_dim: 20 } });
    const plan = planFor(wide, unified(BLOCKS, [0, 3, 9]));
    await compare(
      wide,
      withBlocks(plan, () => ({ predict: { kind: 'taylor', order: 2 } })),
    );
  });
});

describe('learned maps in place of blocks, compiled against block by block', () => {
  let policy: PolicyPackage;
  before(async () => {
    policy = await randomPolicy();
  });

  for (const [title, isMap] of [
    ['all blocks', () => true],
    ['every other block', (i: number) => i % 2 === 1],
    ['one block', (i: number) => i === 3],
  ] as const) {
    it(title, async () => {
      const plain = planFor(policy, unified(BLOCKS, [0, 4, 13]).with(1, [0, 5]));
      const plan = withBlocks(plain, (i) => (isMap(i) ? { predict: { kind: 'linear' } } : {}));
      const constants = linearConstants(policy.manifest.architecture.embedding);
      const sample = await compare(policy, plan, constants);
      assertFar(sample, await run(policy, program(policy, plain)));
    });
  }

  it('are missed where they are missing', () => {
    const plain = planFor(policy, unified(BLOCKS, [0, 4]));
    const plan = withBlocks(plain, () => ({ predict: { kind: 'linear' } }));
    const weights = denoiserWeights(policy.denoiser, policy.manifest.architecture);
    assert.throws(
      () => buildChunkGraph(weights, policy.manifest, program(policy, plan)),
      /'linear\.0\.self_attention\.weight' must be F32 \[32, 32\], it is missing/,
    );
  });
});

describe('updates of some tokens, compiled against block by block', () => {
  for (const [title, options] of Object.entries<RandomPolicyOptions>({
    'condition tokens folded': {},
    'keys and values per observation': {
      architecture: { heads: 8, n_obs_steps: 4, first_action_step: 3 },
    },
    'not causal, padded': { architecture: { horizon: 9, causal: false, n_cond_layers: 1 } },
  })) {
    it(title, async () => {
      const policy = await randomPolicy(options);
      const plain = planFor(policy, unified(BLOCKS, [0, 4, 9, 15]));
      const tokens = [null, [0, 2, 5], [1], [5, 4, 3]];
      const plan = withBlocks(plain, (i) => (i === 2 ? {} : { tokens }));
      const sample = await compare(policy, plan);
      assertFar(sample, await run(policy, program(policy, plain)));
      const predicted = withBlocks(plan, () => ({ predict: { kind: 'taylor', order: 1 } }));
      await compare(policy, predicted);
    });
  }
});

describe('evicted memory tokens, compiled against block by block', () => {
  for (const [title, architecture] of Object.entries({
    'condition tokens folded': { n_obs_steps: 3 },
    'keys and values per observation': { heads: 8, n_obs_steps: 4, first_action_step: 3 },
    'a transformer as condition encoder': { n_cond_layers: 1, n_obs_steps: 3, causal: false },
  })) {
    it(title, async () => {
      const policy = await randomPolicy({ architecture });
      const plain = planFor(policy, unified(BLOCKS, [0, 4, 9, 15]));
      const memory = { kind: 'evict' as const, from_step: 9, keep: [0, 2] };
      const sample = await compare(policy, { ...plain, memory });
      assertFar(sample, await run(policy, program(policy, plain)));
    });
  }
});

it('a plan that decides while denoising is refused, and says what runs it', async () => {
  const policy = await randomPolicy();
  const plan = planFor(policy, unified(BLOCKS, [0]));
  const decision = { kind: 'teacache', threshold: 0.1 } as const;
  const weights = denoiserWeights(policy.denoiser, policy.manifest.architecture);
  assert.throws(
    () => buildChunkGraph(weights, policy.manifest, program(policy, { ...plan, decision })),
    /teacache.*--engine interpreter/,
  );
});

function withBlocks(plan: Plan, change: (index: number) => Partial<Plan['blocks'][number]>): Plan {
  return { ...plan, blocks: plan.blocks.map((block, i) => ({ ...block, ...change(i) })) };
}

function program(
  policy: PolicyPackage,
  plan: Plan,
  constants: ReadonlyMap<string, Tensor> = new Map(),
): DenoisingProgram {
  return denoisingProgram(policy.manifest, { plan, constants });
}

/** A small random map for every block. */
function linearConstants(e: number): Map<string, Tensor> {
  const constants = new Map<string, Tensor>();
  for (let i = 0; i < BLOCKS; i++) {
    const kind = ['self_attention', 'cross_attention', 'feed_forward'][i % 3]!;
    const name = `linear.${Math.floor(i / 3)}.${kind}`;
    const weight = normals(50 + i, e * e).map((value) => value / (2 * e));
    constants.set(`${name}.weight`, floatTensor([e, e], weight));
    constants.set(`${name}.bias`, floatTensor([e], normals(70 + i, e)));
  }
  return constants;
}

async function run(policy: PolicyPackage, denoising: DenoisingProgram): Promise<Float32Array> {
  const denoiser = await openDenoiser(policy, denoising);
  const { sample } = await denoiseAll(denoiser, policy, randomInputs(policy, SAMPLES, 5));
  await denoiser.close();
  return sample;
}

/** Both engines on the same inputs. @returns samples */
async function compare(
  policy: PolicyPackage,
  plan: Plan,
  constants: ReadonlyMap<string, Tensor> = new Map(),
): Promise<Float32Array> {
  const denoising = program(policy, plan, constants);
  const interpreter = await openInterpreter(policy, { threads: 1, batch: SAMPLES });
  const inputs = randomInputs(policy, SAMPLES, 5);
  const { sample: expected } = await interpreter.run({ ...inputs, program: denoising });
  await interpreter.close();
  const sample = await run(policy, denoising);
  assertClose(sample, expected, TOLERANCE, 'samples');
  return sample;
}

/** Fails when two results are the same up to rounding: then what was to be tested had no effect. */
function assertFar(a: Float32Array, b: Float32Array): void {
  assert.ok(a.some((value, i) => Math.abs(value - b[i]!) > 100 * TOLERANCE));
}
