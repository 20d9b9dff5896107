import { type Block, blockName } from '../caching/blocks.js';
import type { Architecture } from '../policy/manifest.js';
import { memoryMask } from './cross_attention/memory_mask.js';
import type {
  Attention,
  DenoiserWeights,
  EncoderLayer,
  LayerNorm,
  Linear,
} from './denoiser_weights.js';
import { GraphBuilder, type OnnxGraph, type Value } from './graph.js';
import { additiveMask, foldNorm, linear, norm, plainNorm } from './layers.js';
import { toFloat32 } from './linalg.js';
import { roundedLinear } from './rounded_linear.js';

/**
 * The network in pieces, as it was trained: no constant folded, nothing rearranged, one graph per block.
 * The compiled graph is held against this one, so the two share as little as possible.
 *
 * All graphs have a fixed batch of B samples.
 */

/** Condition encoder: `condition` (B, To, Dc), `time` (1, E) sinusoidal -> `memory` (B, 1 + To, E). */
export function memoryGraph(weights: DenoiserWeights, a: Architecture, batch: number): OnnxGraph {
  const g = new GraphBuilder();
  const e = a.embedding;
  const condition = g.input('condition', [batch, a.n_obs_steps, a.condition_dim]);
  const time = g.input('time', [1, e]);
  const observations = linear(
    g,
    'observation_embedding',
    weights.observationEmbedding,
    g.reshape(condition, [batch * a.n_obs_steps, a.condition_dim]),
  );
  const zeros = g.constant('zeros', [batch, 1, e], () => new Float32Array(batch * e));
  const tokens = g.concat(
    [g.add(zeros, g.reshape(time, [1, 1, e])), g.reshape(observations, [batch, a.n_obs_steps, e])],
    1,
  );
  const positions = g.constant('positions', [1, 1 + a.n_obs_steps, e], () =>
    toFloat32(weights.conditionPositions),
  );
  const count = batch * (1 + a.n_obs_steps);
  let x = g.reshape(g.add(tokens, positions), [count, e]);
  const encoder = weights.conditionEncoder;
  if (encoder.kind === 'perceptron') {
    const hidden = linear(g, 'expand', encoder.expand, x);
    const mish = g.binary('Mul', hidden, g.unary('Tanh', g.unary('Softplus', hidden)));
    x = linear(g, 'contract', encoder.contract, mish);
  } else {
    const options = { heads: a.heads, batch, product: linear };
    for (const [i, layer] of encoder.layers.entries()) {
      const normed = norm(g, `${i}.norm1`, layer.norm1, x);
      x = g.add(
        x,
        attend(g, `${i}.attention`, layer.selfAttention, options, normed, normed).branch,
      );
      x = g.add(x, feedForward(g, `${i}.`, layer, norm(g, `${i}.norm2`, layer.norm2, x)));
    }
  }
  return g.finish({ memory: g.reshape(x, [batch, 1 + a.n_obs_steps, e]) });
}

/** Embedding: `sample` (B, T, A) -> `stream` (B, T, E). */
export function embeddingGraph(
  weights: DenoiserWeights,
  a: Architecture,
  batch: number,
): OnnxGraph {
  const g = new GraphBuilder();
  const sample = g.reshape(g.input('sample', [batch, a.horizon, a.action_dim]), [
    batch * a.horizon,
    a.action_dim,
  ]);
  const embedded = g.reshape(linear(g, 'embedding', weights.inputEmbedding, sample), [
    batch,
    a.horizon,
    a.embedding,
  ]);
  const positions = g.constant('positions', [1, a.horizon, a.embedding], () =>
    toFloat32(weights.positions),
  );
  return g.finish({ stream: g.add(embedded, positions) });
}

/**
 * One block: `stream` (B, T, E) -> `branch` (B, T, E). Cross-attention also takes `memory` and `seen` (1 + To), 0
 * for the memory tokens that are seen and -Infinity for those that are not, and tells `attention` (B, 1 + To), how
 * much was looked at each: the mean over heads and action tokens.
 * @param int8 whether to round weights and inputs as 8-bit integers would be, where the compiled engine does; in
 *   cross-attention it does so only once a chunk, which is left out here
 */
export function blockGraph(
  { layers }: DenoiserWeights,
  a: Architecture,
  batch: number,
  block: Block,
  int8 = false,
): OnnxGraph {
  const g = new GraphBuilder({ block: blockName(block) });
  const { horizon, embedding: e, heads } = a;
  const layer = layers[block.layer]!;
  const stream = g.reshape(g.input('stream', [batch, horizon, e]), [batch * horizon, e]);
  const finish = (branch: Value, attention?: Value): OnnxGraph =>
    g.finish({
      branch: g.reshape(branch, [batch, horizon, e]),
      ...(attention && { attention }),
    });
  const product: Product = int8
    ? (graph, name, weights, x) => roundedLinear(graph, name, weights, batch, x)
    : linear;
  /** The stream normed; where inputs are rounded without scale and shift, which then are the next weights'. */
  const normed = (before: LayerNorm): Value =>
    int8 ? plainNorm(g, stream) : norm(g, 'norm', before, stream);
  const after = (before: LayerNorm, weights: Linear): Linear =>
    int8 ? foldNorm(before, weights) : weights;
  switch (block.kind) {
    case 'self_attention': {
      const { query, key, value, output } = layer.selfAttention;
      const before = layer.norm1;
      const weights = {
        query: after(before, query),
        key: after(before, key),
        value: after(before, value),
        output,
      };
      const mask = a.causal
        ? g.constant('mask', [horizon, horizon], () =>
            additiveMask(horizon, horizon, (from, to) => to <= from),
          )
        : undefined;
      const x = normed(before);
      return finish(attend(g, 'attention', weights, { heads, batch, mask, product }, x, x).branch);
    }
    case 'cross_attention': {
      const keys = 1 + a.n_obs_steps;
      const memory = g.reshape(g.input('memory', [batch, keys, e]), [batch * keys, e]);
      const seen = g.input('seen', [keys]);
      const sees = memoryMask(a);
      const mask = sees
        ? g.add(
            g.constant('mask', [horizon, keys], () => additiveMask(horizon, keys, sees)),
            seen,
          )
        : seen;
      const x = norm(g, 'norm', layer.norm2, stream);
      const options = { heads, batch, mask, product: linear };
      const looked = attend(g, 'attention', layer.crossAttention, options, x, memory);
      const axes = { axes: [1, 2], keepdims: 0 };
      const attention = g.node('ReduceMean', [looked.probabilities], [batch, keys], axes);
      return finish(looked.branch, attention);
    }
    case 'feed_forward': {
      const { norm3: before, expand, contract } = layer;
      const weights = { expand: after(before, expand), contract };
      return finish(feedForward(g, '', weights, normed(before), product));
    }
  }
}

/** Final LayerNorm and head: `stream` (B, T, E) -> `output` (B, T, A). */
export function headGraph(weights: DenoiserWeights, a: Architecture, batch: number): OnnxGraph {
  const g = new GraphBuilder();
  const rows = batch * a.horizon;
  const stream = g.reshape(g.input('stream', [batch, a.horizon, a.embedding]), [rows, a.embedding]);
  const output = linear(g, 'head', weights.head, norm(g, 'norm', weights.finalNorm, stream));
  return g.finish({ output: g.reshape(output, [batch, a.horizon, a.action_dim]) });
}

/** x weight + bias. */
type Product = (g: GraphBuilder, name: string, weights: Linear, x: Value) => Value;

/**
 * Multi-head attention in elementary operators: x (B T, E), memory (B S, E) -> branch (B T, E), and who looked
 * where: probabilities (B, heads, T, S).
 */
function attend(
  g: GraphBuilder,
  name: string,
  weights: Attention,
  options: {
    readonly heads: number;
    readonly batch: number;
    readonly mask?: Value | undefined;
    readonly product: Product;
  },
  x: Value,
  memory: Value,
): { branch: Value; probabilities: Value } {
  const { heads, batch, mask, product } = options;
  const [rows, e] = x.shape as [number, number];
  const d = e / heads;
  const perHead = (part: 'query' | 'key' | 'value', from: Value, order: number[]): Value => {
    const projected = product(g, `${name}.${part}`, weights[part], from);
    return g.transpose(g.reshape(projected, [batch, from.shape[0]! / batch, heads, d]), order);
  };
  const query = perHead('query', x, [0, 2, 1, 3]);
  const key = perHead('key', memory, [0, 2, 3, 1]);
  const value = perHead('value', memory, [0, 2, 1, 3]);
  const scaled = g.binary('Mul', g.matmul(query, key), g.scalar(1 / Math.sqrt(d)));
  const probabilities = g.softmax(mask ? g.add(scaled, mask) : scaled);
  const attended = g.transpose(g.matmul(probabilities, value), [0, 2, 1, 3]);
  const branch = product(g, `${name}.output`, weights.output, g.reshape(attended, [rows, e]));
  return { branch, probabilities };
}

function feedForward(
  g: GraphBuilder,
  name: string,
  layer: Pick<EncoderLayer, 'expand' | 'contract'>,
  x: Value,
  product: Product = linear,
): Value {
  const hidden = g.gelu(product(g, `${name}expand`, layer.expand, x));
  return product(g, `${name}contract`, layer.contract, hidden);
}
