import assert from 'node:assert/strict';
import { BadInput } from '../../../src/errors.js';
import type { BlockProgram } from '../../../src/caching/denoising_program.js';
import { FastCacheStrategy } from '../../../src/caching/strategies/fastcache_strategy.js';
import { PlanStrategy } from '../../../src/caching/strategies/plan_strategy.js';
import { SortblockStrategy } from '../../../src/caching/strategies/sortblock_strategy.js';
import type { Strategy } from '../../../src/caching/strategies/strategy.js';
import { strategyOf } from '../../../src/caching/strategies/strategy_of.js';
import { TeaCacheStrategy } from '../../../src/caching/strategies/teacache_strategy.js';
import { floatTensor } from '../../../src/policy/safetensors.js';

const reuse = { kind: 'reuse' } as const;
const once = (blocks: number): BlockProgram[] =>
  Array.from({ length: blocks }, () => ({ updates: [0], predict: reuse }));

/**
 * Steps at which each block is computed, when the stream into block b at step k is stream(k, b) and its output is
 * branch(k, b).
 */
function computedSteps(
  strategy: Strategy,
  blocks: number,
  steps: number,
  stream: (step: number, block: number) => readonly number[],
  branch: (step: number, block: number) => readonly number[] = stream,
): number[][] {
  const computed = Array.from({ length: blocks }, (): number[] => []);
  for (let step = 0; step < steps; step++) {
    for (let block = 0; block < blocks; block++) {
      const input = Float32Array.from(stream(step, block));
      if (strategy.computes(step, block, input)) {
        computed[block]!.push(step);
        strategy.computed(step, block, input, Float32Array.from(branch(step, block)));
      } else strategy.predict(step, block, input);
    }
  }
  return computed;
}

describe('PlanStrategy', () => {
  it('replaces the tokens of an update and keeps the rows of the others', () => {
    const block: BlockProgram = {
      updates: [0, 2, 3],
      tokens: [null, [1], [0]],
      predict: reuse,
    };
    const strategy = new PlanStrategy([block], 2);
    const stream = new Float32Array(4);
    const branch = Float32Array.of(1, 1, 1, 1);
    assert.deepEqual([...strategy.computed(0, 0, stream, branch)], [1, 1, 1, 1]);
    assert.deepEqual([...strategy.predict(1, 0, stream)], [1, 1, 1, 1]);
    const mixed = strategy.computed(2, 0, stream, Float32Array.of(2, 2, 2, 2));
    assert.deepEqual([...mixed], [1, 1, 2, 2]);
    assert.deepEqual([...branch], [1, 1, 1, 1]);
    const later = strategy.computed(3, 0, stream, Float32Array.of(3, 3, 3, 3));
    assert.deepEqual([...later], [3, 3, 2, 2]);
  });

  it('maps the input where a learned map says what a block adds', () => {
    const map = { weight: Float32Array.of(0, 2, 1, 0), bias: Float32Array.of(10, 20) };
    const block: BlockProgram = { updates: [0], predict: { kind: 'linear' } };
    const strategy = new PlanStrategy([block], 2, [map]);
    const added = strategy.predict(1, 0, Float32Array.of(1, 2, 3, 4));
    assert.deepEqual([...added], [10 + 2, 20 + 2, 10 + 4, 20 + 6]);
  });
});

describe('TeaCacheStrategy', () => {
  const growing = (step: number): number[] => [100 + step];

  it('computes all blocks when the summed change reaches the threshold', () => {
    const strategy = new TeaCacheStrategy(new PlanStrategy(once(2), 1), {
      kind: 'teacache',
      threshold: 0.03,
    });
    // Steps of 1 % each, less as the value grows: the sum reaches 3 % at the fourth.
    const computed = computedSteps(strategy, 2, 12, growing);
    assert.deepEqual(computed, [
      [0, 4, 8],
      [0, 4, 8],
    ]);
  });

  it('rescales the change by the polynomial, never below zero', () => {
    const decide = (coefficients: number[]): number[] =>
      computedSteps(
        new TeaCacheStrategy(new PlanStrategy(once(1), 1), {
          ...{ kind: 'teacache', threshold: 0.03, coefficients },
        }),
        1,
        6,
        growing,
      )[0]!;
    assert.deepEqual(decide([0, 10]), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(decide([0.02]), [0, 2, 4]);
    assert.deepEqual(decide([-1]), [0]);
  });

  it('begins to sum anew at updates of the plan', () => {
    const blocks = [{ updates: [0, 3], predict: reuse }];
    const strategy = new TeaCacheStrategy(new PlanStrategy(blocks, 1), {
      kind: 'teacache',
      threshold: 0.035,
    });
    assert.deepEqual(computedSteps(strategy, 1, 9, growing), [[0, 3, 7]]);
  });
});

describe('SortblockStrategy', () => {
  const linear = { kind: 'taylor', order: 1 } as const;
  const blocks = Array.from({ length: 4 }, () => ({ updates: [0], predict: linear }));
  /** Block b turns by b tenths of a radian a step. */
  const turning = (step: number, block: number): number[] => [
    Math.cos((step * block) / 10),
    Math.sin((step * block) / 10),
  ];

  it('computes the share of blocks that turned most between full steps', () => {
    const strategy = new SortblockStrategy(new PlanStrategy(blocks, 1), {
      ...{ kind: 'sortblock', share: 0.5, interval: 5 },
    });
    const computed = computedSteps(strategy, 4, 10, turning);
    const every = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    assert.deepEqual(computed, [[0, 1, 5], [0, 1, 5], every, every]);
  });

  it('ranks anew at every full step', () => {
    const strategy = new SortblockStrategy(new PlanStrategy(blocks, 1), {
      ...{ kind: 'sortblock', share: 0.25, interval: 4 },
    });
    // After step 4 the blocks change places.
    const angle = (step: number, block: number): number =>
      step <= 4 ? (step * block) / 10 : (4 * block + (step - 4) * (3 - block)) / 10;
    const computed = computedSteps(strategy, 4, 12, (step, block) => [
      Math.cos(angle(step, block)),
      Math.sin(angle(step, block)),
    ]);
    assert.deepEqual(computed[3]!.slice(0, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(computed[0], [0, 1, 4, 8, 9, 10, 11]);
  });

  it('computes everything where the share is 1', () => {
    const strategy = new SortblockStrategy(new PlanStrategy(blocks, 1), {
      ...{ kind: 'sortblock', share: 1, interval: 100 },
    });
    const computed = computedSteps(strategy, 4, 6, turning);
    assert.ok(computed.every((steps) => steps.length === 6));
  });
});

describe('FastCacheStrategy', () => {
  it('computes a block when its input moved further than noise of that variance would', () => {
    const width = 200;
    const test = { significance: 0.05, variances: [1, 100] };
    const strategy = new FastCacheStrategy(new PlanStrategy(once(2), 1), test);
    // The limit is 234 for 200 degrees of freedom: a change of 1.08 in every element with variance 1.
    const stream = (step: number): number[] => Array<number>(width).fill(step);
    assert.deepEqual(computedSteps(strategy, 2, 12, stream), [
      [0, 2, 4, 6, 8, 10],
      [0, 11],
    ]);
  });
});

describe('strategyOf', () => {
  const a = { layers: 1, horizon: 2, embedding: 2 };
  const base = { blocks: once(3), constants: new Map() };

  it('gives every run a strategy of its own', () => {
    const make = strategyOf(base, a);
    assert.notEqual(make(), make());
  });

  it('names the constant that is missing or misshapen', () => {
    const linear = once(3).map((block) => ({ ...block, predict: { kind: 'linear' as const } }));
    const refused = (constants: Map<string, ReturnType<typeof floatTensor>>, name: RegExp): void =>
      assert.throws(
        () => strategyOf({ blocks: linear, constants }, a, 'plan.json'),
        (error: Error) => error instanceof BadInput && name.test(error.message),
      );
    refused(new Map(), /'linear.0.self_attention.weight'.*missing/);
    const flat = floatTensor([4], new Float32Array(4));
    refused(new Map([['linear.0.self_attention.weight', flat]]), /F32 \[2, 2\], it is F32 \[4\]/);
    const decision = { kind: 'fastcache', significance: 0.1 } as const;
    assert.throws(() => strategyOf({ ...base, decision }, a), /'fastcache.variance'.*missing/);
  });

  it('refuses a decision beside an affine correction', () => {
    const decision = { kind: 'teacache', threshold: 1 } as const;
    assert.throws(() => strategyOf({ ...base, decision, affine: [] }, a), /affine correction/);
  });
});
