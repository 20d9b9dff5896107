import type { Architecture } from '../policy/manifest.js';
import type { GraphBuilder, Value } from './graph.js';
import type { DenoiserWeights, EncoderLayer } from './denoiser_weights.js';
import { type Matrix, matrix, multiply, plus, rowVector, toFloat32 } from './linalg.js';
import { joinSelfAttention, linear, norm, selfAttention } from './layers.js';

/**
 * The condition tokens before the condition encoder: the time token (sinusoidal embedding of the
 * timestep, Vaswani et al. 2017, sec. 3.5, as TransformerForDiffusion has it) with its position.
 * @param timesteps one row each
 * @returns (timesteps, E)
 */
export function timeEmbeddings(
  weights: DenoiserWeights,
  a: Architecture,
  timesteps: readonly number[],
): Matrix {
  const half = a.embedding / 2;
  const data = new Float64Array(timesteps.length * a.embedding);
  for (const [row, t] of timesteps.entries()) {
    for (let i = 0; i < half; i++) {
      const angle = t * Math.exp((-i * Math.log(10_000)) / (half - 1));
      data[row * a.embedding + i] = Math.sin(angle);
      data[row * a.embedding + half + i] = Math.cos(angle);
    }
  }
  const position = rowVector(weights.conditionPositions.data.subarray(0, a.embedding));
  return plus(matrix(timesteps.length, a.embedding, data), position);
}

/**
 * Memory tokens of the timesteps when the condition encoder is a perceptron: it sees one token at a
 * time, so they depend on nothing but the timestep and are constants.
 * @returns (timesteps, E), or undefined for a transformer encoder, where all tokens mix
 */
export function timeMemory(
  weights: DenoiserWeights,
  a: Architecture,
  timesteps: readonly number[],
): Matrix | undefined {
  const encoder = weights.conditionEncoder;
  if (encoder.kind !== 'perceptron') return undefined;
  const tokens = timeEmbeddings(weights, a, timesteps);
  const hidden = plus(multiply(tokens, encoder.expand.weight), rowVector(encoder.expand.bias));
  const mish = hidden.data.map(
    (x) => x * Math.tanh(Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0)),
  );
  return plus(
    multiply({ ...hidden, data: mish }, encoder.contract.weight),
    rowVector(encoder.contract.bias),
  );
}

/**
 * Embedded observations with their positions: (To, Dc) -> (To, E), before the condition encoder.
 * They do not change during the denoising loop.
 */
export function observationTokens(
  graph: GraphBuilder,
  weights: DenoiserWeights,
  a: Architecture,
  condition: Value,
): Value {
  const { weight, bias } = weights.observationEmbedding;
  const positions = matrix(
    a.n_obs_steps,
    a.embedding,
    weights.conditionPositions.data.subarray(a.embedding),
  );
  return graph.gemm(
    condition,
    graph.constant('observation_embedding.weight', [weight.rows, weight.columns], () =>
      toFloat32(weight),
    ),
    graph.constant('observation_embedding.bias', [a.n_obs_steps, a.embedding], () =>
      toFloat32(plus(positions, rowVector(bias))),
    ),
  );
}

/** Memory tokens (tokens, E) of a perceptron condition encoder, token by token. */
export function perceptronMemory(
  graph: GraphBuilder,
  weights: DenoiserWeights,
  tokens: Value,
): Value {
  const encoder = weights.conditionEncoder;
  if (encoder.kind !== 'perceptron') throw new TypeError('the condition encoder is a transformer');
  const hidden = linear(graph, 'condition_encoder.expand', encoder.expand, tokens);
  const mish = graph.binary('Mul', hidden, graph.unary('Tanh', graph.unary('Softplus', hidden)));
  return linear(graph, 'condition_encoder.contract', encoder.contract, mish);
}

/** Memory tokens (1 + To, E) of a transformer condition encoder; every token sees every other. */
export function transformerMemory(
  graph: GraphBuilder,
  layers: readonly EncoderLayer[],
  a: Architecture,
  tokens: Value,
): Value {
  let x = tokens;
  for (const [i, layer] of layers.entries()) {
    const name = `condition_encoder.${i}`;
    const attended = selfAttention(
      graph,
      `${name}.attention`,
      joinSelfAttention(layer.selfAttention),
      { heads: a.heads, causal: false },
      norm(graph, `${name}.norm1`, layer.norm1, x),
    );
    x = graph.add(x, attended);
    const hidden = linear(
      graph,
      `${name}.expand`,
      layer.expand,
      norm(graph, `${name}.norm2`, layer.norm2, x),
    );
    x = graph.add(x, linear(graph, `${name}.contract`, layer.contract, graph.gelu(hidden)));
  }
  return x;
}
