import type { Architecture } from '../policy/manifest.js';
import type { GraphBuilder, Value } from './graph.js';
import type { ConditionEncoder, DenoiserWeights, EncoderLayer } from './denoiser_weights.js';
import { map, type Matrix, matrix, multiply, plus, rowVector, toFloat32 } from './linalg.js';
import { joinSelfAttention, linear, norm, selfAttention } from './layers.js';

/**
 * Sinusoidal embedding of a timestep, (1, E): sines, then cosines (Vaswani et al. 2017, sec. 3.5, in the
 * form of TransformerForDiffusion). Angles are rounded to single precision where PyTorch does: of timestep 999
 * the last digit is 6e-5, and that is what the policy was trained with.
 */
export function sinusoidalEmbedding(embedding: number, timestep: number): Matrix {
  const half = embedding / 2;
  const rate = Math.fround(Math.log(10_000) / (half - 1));
  const data = new Float64Array(embedding);
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(Math.exp(Math.fround(-i * rate)));
    const angle = Math.fround(timestep * frequency);
    data[i] = Math.sin(angle);
    data[half + i] = Math.cos(angle);
  }
  return rowVector(data);
}

/** The time token with its position before the condition encoder, (1, E). */
export function timeToken(weights: DenoiserWeights, a: Architecture, timestep: number): Matrix {
  const position = rowVector(weights.conditionPositions.data.subarray(0, a.embedding));
  return plus(sinusoidalEmbedding(a.embedding, timestep), position);
}

/**
 * The time token's memory, (1, E), when the condition encoder is a perceptron: it sees one token at a
 * time, so this depends on nothing but the timestep and is a constant.
 */
export function timeMemory(weights: DenoiserWeights, a: Architecture, timestep: number): Matrix {
  const { expand, contract } = perceptron(weights);
  const token = timeToken(weights, a, timestep);
  const hidden = plus(multiply(token, expand.weight), rowVector(expand.bias));
  return plus(multiply(map(hidden, mish), contract.weight), rowVector(contract.bias));
}

/** x tanh(softplus(x)), softplus in the form that does not overflow. */
function mish(x: number): number {
  return x * Math.tanh(Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0));
}

function perceptron({
  conditionEncoder,
}: DenoiserWeights): Extract<ConditionEncoder, { kind: 'perceptron' }> {
  if (conditionEncoder.kind !== 'perceptron') {
    throw new TypeError('the condition encoder is a transformer');
  }
  return conditionEncoder;
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
  const { expand, contract } = perceptron(weights);
  const hidden = linear(graph, 'condition_encoder.expand', expand, tokens);
  const gate = graph.unary('Tanh', graph.unary('Softplus', hidden));
  return linear(graph, 'condition_encoder.contract', contract, graph.binary('Mul', hidden, gate));
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
