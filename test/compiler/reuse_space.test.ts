import assert from 'node:assert/strict';
import {
  type DenoiserWeights,
  denoiserWeights,
  LAYER_NORM_EPSILON,
} from '../../src/compiler/denoiser_weights.js';
import { GraphBuilder } from '../../src/compiler/graph.js';
import { matrix, multiply, plus, rowVector } from '../../src/compiler/linalg.js';
import { ReuseSpace } from '../../src/compiler/reuse_space.js';
import { Session } from '../../src/inference/session.js';
import { assertClose } from '../support/assert_close.js';
import { randomPolicy } from '../support/random_policy.js';
import { normals } from '../support/seeded_random.js';

const [TOKENS, EMBEDDING, ACTIONS] = [5, 64, 3];

/** head(LN(x We + stored)) of every row in double precision. */
function plainly(weights: DenoiserWeights, x: Float32Array, stored: Float32Array): Float64Array {
  const { inputEmbedding, finalNorm, head } = weights;
  const embedded = multiply(matrix(TOKENS, ACTIONS, x), inputEmbedding.weight);
  const stream = plus(embedded, matrix(TOKENS, EMBEDDING, stored));
  const normed = new Float64Array(TOKENS * EMBEDDING);
  for (let row = 0; row < TOKENS; row++) {
    const values = [...stream.data.subarray(row * EMBEDDING, (row + 1) * EMBEDDING)];
    const mean = values.reduce((sum, value) => sum + value, 0) / EMBEDDING;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / EMBEDDING;
    for (const [i, value] of values.entries()) {
      const unit = (value - mean) / Math.sqrt(variance + LAYER_NORM_EPSILON);
      normed[row * EMBEDDING + i] = unit * finalNorm.scale[i]! + finalNorm.shift[i]!;
    }
  }
  const output = multiply(matrix(TOKENS, EMBEDDING, normed), head.weight);
  return plus(output, rowVector(head.bias)).data as Float64Array;
}

describe('ReuseSpace', () => {
  let weights: DenoiserWeights;
  before(async () => {
    const policy = await randomPolicy({
      architecture: { embedding: EMBEDDING, action_dim: ACTIONS, horizon: TOKENS },
    });
    weights = denoiserWeights(policy.denoiser, policy.manifest.architecture);
  });

  /** One reuse step in the space: (T, A). */
  const inSpace = async (
    learned: DenoiserWeights,
    x: Float32Array,
    stored: Float32Array,
    factors = { scale: 1, output: 1, sample: 0 },
  ): Promise<Float32Array> => {
    const g = new GraphBuilder();
    const space = new ReuseSpace(g, learned);
    const sample = g.input('sample', [TOKENS, ACTIONS]);
    const entered = space.enter(g.input('stored', [TOKENS, EMBEDDING]));
    const graph = g.finish({ output: space.output(sample, entered, factors) });
    const session = await Session.load(graph.bytes);
    const outputs = await session.run({
      sample: { data: x, shape: [TOKENS, ACTIONS] },
      stored: { data: stored, shape: [TOKENS, EMBEDDING] },
    });
    await session.close();
    return outputs['output']!.data as Float32Array;
  };

  it('has 2 A + 3 dimensions, and is worth it while they are no more than half of E', () => {
    const space = new ReuseSpace(new GraphBuilder(), weights);
    assert.equal(space.width, 2 * ACTIONS + 3);
    assert.equal(space.worthwhile, true);
  });

  // Stored branches a hundred times larger or smaller than the embedded sample.
  for (const size of [0.01, 1, 100]) {
    it(`gives what the network gives, stored branches times ${size}`, async () => {
      const x = normals(1, TOKENS * ACTIONS);
      const stored = normals(2, TOKENS * EMBEDDING).map((value) => value * size);
      assertClose(await inSpace(weights, x, stored), plainly(weights, x, stored), 1e-5, 'output');
    });
  }

  it('with factors for the sample, the output and what is kept of the sample', async () => {
    const x = normals(3, TOKENS * ACTIONS);
    const stored = normals(4, TOKENS * EMBEDDING);
    const scaled = x.map((value) => value * 0.3);
    const expected = plainly(weights, scaled, stored).map((value, i) => -1.7 * value + 0.4 * x[i]!);
    const factors = { scale: 0.3, output: -1.7, sample: 0.4 };
    assertClose(await inSpace(weights, x, stored, factors), expected, 1e-5, 'output');
  });

  it('when the stream does not vary, where only epsilon is left', async () => {
    const x = new Float32Array(TOKENS * ACTIONS);
    const stored = new Float32Array(TOKENS * EMBEDDING).fill(0.7);
    assertClose(await inSpace(weights, x, stored), plainly(weights, x, stored), 1e-4, 'output');
  });

  it('when embedding and head share a direction', async () => {
    const { weight } = weights.inputEmbedding;
    const data = Float32Array.from(weights.head.weight.data);
    for (let e = 0; e < EMBEDDING; e++) data[e * ACTIONS] = 2 * weight.data[e]!;
    const shared: DenoiserWeights = {
      ...weights,
      finalNorm: { ...weights.finalNorm, scale: new Float32Array(EMBEDDING).fill(1) },
      head: { ...weights.head, weight: matrix(EMBEDDING, ACTIONS, data) },
    };
    assert.equal(new ReuseSpace(new GraphBuilder(), shared).width, 2 * ACTIONS + 2);
    const x = normals(5, TOKENS * ACTIONS);
    const stored = normals(6, TOKENS * EMBEDDING);
    assertClose(await inSpace(shared, x, stored), plainly(shared, x, stored), 1e-5, 'output');
  });
});
