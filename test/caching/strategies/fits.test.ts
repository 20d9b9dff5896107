import assert from 'node:assert/strict';
import { blocksOf } from '../../../src/caching/blocks.js';
import type {
  RunListener,
  RunOnCalibration,
} from '../../../src/caching/methods/run_on_calibration.js';
import { applyLinearMap } from '../../../src/caching/strategies/linear_map.js';
import { fitLinearMaps } from '../../../src/caching/strategies/linear_map_fit.js';
import { chooseMemory } from '../../../src/caching/strategies/memory_choice.js';
import { linearMap } from '../../../src/caching/strategies/strategy_of.js';
import { fitTeaCachePolynomial } from '../../../src/caching/strategies/teacache_polynomial.js';
import { chooseTokens } from '../../../src/caching/strategies/token_choice.js';
import { assertClose } from '../../support/assert_close.js';
import { normals } from '../../support/seeded_random.js';

const STEPS = 10;
const TOKENS = 4;
const WIDTH = 3;

/** A run of one batch in which `tell` says at every step what is heard. */
function runOf(
  samples: number,
  tell: (listener: RunListener, step: number) => void,
): RunOnCalibration {
  return {
    samples,
    run: async (_, listener) => {
      for (let step = 0; step < STEPS; step++) tell(listener, step);
    },
  };
}

describe('what methods fit on dense runs', () => {
  it('fitLinearMaps finds the map of every block, and the size of its input', async () => {
    const maps = blocksOf(1).map((_, block) => ({
      weight: normals(block, WIDTH * WIDTH),
      bias: normals(10 + block, WIDTH),
    }));
    const run = runOf(8, ({ onBlock }, step) => {
      for (const [block, map] of maps.entries()) {
        const stream = normals(100 * step + block, 8 * TOKENS * WIDTH).map((value) => 2 * value);
        const branch = applyLinearMap(map, stream);
        onBlock?.({ step, block, stream, branch, samples: 8, firstSample: 0 });
      }
    });
    const shape = { layers: 1, horizon: TOKENS, embedding: WIDTH, steps: STEPS };
    const { constants, meanSquares } = await fitLinearMaps(run, shape);
    for (const [i, block] of blocksOf(1).entries()) {
      const { weight, bias } = linearMap(constants, block, WIDTH);
      assertClose(weight, maps[i]!.weight, 0.02, 'weight');
      assertClose(bias, maps[i]!.bias, 0.02, 'bias');
      assert.ok(Math.abs(meanSquares[i]! - 4) < 1.5, String(meanSquares[i]));
    }
  });

  it('fitTeaCachePolynomial follows how the output changes with the input, sample by sample', async () => {
    // Sample i's input grows by a factor each step, its output by the square of it.
    const growth = [1.01, 1.03, 1.06, 1.1, 1.2];
    const tensor = (step: number, power: number): Float32Array =>
      Float32Array.from(growth, (factor) => factor ** (power * step));
    const run = runOf(growth.length, ({ onBlock, onOutput }, step) => {
      const at = { step, samples: growth.length, firstSample: 0 };
      const stream = tensor(step, 1);
      for (const block of [0, 1]) onBlock?.({ ...at, block, stream, branch: stream });
      onOutput?.({ ...at, output: tensor(step, 2) });
    });
    const coefficients = await fitTeaCachePolynomial(run);
    assert.equal(coefficients.length, 5);
    for (const change of [0.01, 0.05, 0.15]) {
      const fitted = coefficients.reduce((sum, c, power) => sum + c * change ** power, 0);
      assert.ok(Math.abs(fitted - ((1 + change) ** 2 - 1)) < 2e-3, `${change}: ${fitted}`);
    }
  });

  it('chooseTokens takes those that moved furthest since they were computed', async () => {
    // Token t moves by t + 1 each step.
    const run = runOf(2, ({ onBlock }, step) => {
      const branch = Float32Array.from({ length: 2 * TOKENS * WIDTH }, (_, i) => {
        const token = Math.floor(i / WIDTH) % TOKENS;
        return step * (token + 1);
      });
      onBlock?.({ step, block: 0, stream: branch, branch, samples: 2, firstSample: 0 });
    });
    const [chosen] = await chooseTokens(run, [[0, 2, 4, 6, 9]], TOKENS, 0.5);
    // At step 4 tokens 0 to 3 have moved 4, 8, 6 and 8 since then; at 6 they have moved 6, 4, 12 and 8.
    assert.deepEqual(chosen, [null, [2, 3], [1, 3], [2, 3], [1, 3]]);
    const [all] = await chooseTokens(run, [[0, 5]], TOKENS, 1);
    assert.deepEqual(all, [null, null]);
    const [one] = await chooseTokens(run, [[0, 5]], TOKENS, 0.01);
    assert.deepEqual(one, [null, [3]]);
  });

  it('chooseMemory keeps the time token and what was looked at most before', async () => {
    const run = runOf(1, ({ onBlock }, step) => {
      const tensor = new Float32Array(1);
      const at = { step, stream: tensor, branch: tensor, samples: 1, firstSample: 0 };
      // Later it is the other way round.
      const attention = Float32Array.from(step < 5 ? [0, 0.2, 0.5, 0.3] : [0, 0.9, 0.1, 0]);
      onBlock?.({ ...at, block: 0 });
      onBlock?.({ ...at, block: 1, attention });
    });
    assert.deepEqual(await chooseMemory(run, 3, 5), [0, 2, 3]);
    assert.deepEqual(await chooseMemory(run, 2, 10), [0, 1]);
    assert.deepEqual(await chooseMemory(run, 1, 5), [0]);
  });
});
