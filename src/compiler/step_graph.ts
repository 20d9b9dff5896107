import { blocksOf } from '../caching/blocks.js';
import type { Numerics } from '../caching/plan_fields.js';
import type { PolicyManifest } from '../policy/manifest.js';
import { denoisingSteps } from '../policy/noise_schedule.js';
import { selectCrossAttention } from './cross_attention/select_cross_attention.js';
import { DecoderBlocks } from './decoder_blocks.js';
import type { DenoiserWeights } from './denoiser_weights.js';
import { GraphBuilder, type OnnxGraph, type Value } from './graph.js';
import { InpaintingGraph } from './inpainting_graph.js';
import { Int8Blocks } from './int8_blocks.js';
import { plus, rowVector, toFloat32 } from './linalg.js';
import { embed, outputHead } from './output_head.js';
import { physicalAction } from './physical_action.js';
import { padTokens, padWithZeros, tokensToCompute } from './token_padding.js';

/**
 * A policy without a cache computes every block at every step. Unrolled that is 25,000 nodes for 8
 * layers and 100 steps, which take ONNX Runtime 15 s to load; so one step is one graph, run K times, with
 * the step's constants looked up in tables. The exact savings are those of the unrolled graph.
 */
export interface StepGraphs {
  /** `condition` (1, To, Dc) -> `prepared.0` ...: once per chunk. */
  readonly prepare: OnnxGraph;
  /** `sample` (T, A), `noise` (T, A), `step` (scalar), `prepared.*` -> `next` (T, A), `action`. */
  readonly step: OnnxGraph;
  /** Shapes of `prepared.*`. */
  readonly preparedShapes: readonly (readonly number[])[];
}

/** What the graphs may have. */
export interface StepGraphOptions {
  readonly numerics?: Numerics;
  /** Whether a step is told what is known of the chunk, by the inputs `known` and `known_weight` (1, T, A); default false. */
  readonly inpainting?: boolean;
}

/** Builds the two graphs of the dense policy. */
export function buildStepGraphs(
  weights: DenoiserWeights,
  manifest: PolicyManifest,
  { numerics = { kind: 'fp32' }, inpainting = false }: StepGraphOptions = {},
): StepGraphs {
  const a = manifest.architecture;
  const timesteps = denoisingSteps(manifest.noise_scheduler).map((step) => step.timestep);
  const int8 = new Int8Blocks(numerics);
  const first = new GraphBuilder();
  const condition = first.reshape(first.input('condition', [1, a.n_obs_steps, a.condition_dim]), [
    a.n_obs_steps,
    a.condition_dim,
  ]);
  const prepared = selectCrossAttention(first, weights, a, timesteps, int8).prepare(condition);
  const preparedShapes = prepared.map((value) => value.shape);
  return {
    prepare: first.finish(Object.fromEntries(prepared.map((value, i) => [`prepared.${i}`, value]))),
    step: buildStep(weights, manifest, timesteps, preparedShapes, { numerics, inpainting }),
    preparedShapes,
  };
}

function buildStep(
  learned: DenoiserWeights,
  manifest: PolicyManifest,
  timesteps: readonly number[],
  preparedShapes: readonly (readonly number[])[],
  { numerics, inpainting }: Required<StepGraphOptions>,
): OnnxGraph {
  const { horizon, action_dim: actions, n_action_steps: executed } = manifest.architecture;
  const int8 = new Int8Blocks(numerics);
  const tokens = tokensToCompute(horizon, numerics);
  const { weights, architecture: a } = padTokens(learned, manifest.architecture, tokens);
  const g = new GraphBuilder();
  const sample = g.input('sample', [horizon, actions]);
  const noise = g.input('noise', [horizon, actions]);
  const step = g.input('step', [], 'int64');
  const shape = [horizon, actions] as const;
  const known = inpainting ? InpaintingGraph.input(g, shape, shape) : undefined;
  const cross = selectCrossAttention(g, weights, a, timesteps, int8);
  const prepared = preparedShapes.map((shape, i) => {
    const [count, rows, width] = shape as [number, number, number];
    return g.reshape(g.input(`prepared.${i}`, shape), [count * rows, width]);
  });
  // Per constant, a table over steps of the values of all layers.
  const constants = cross.stepConstants.map(({ name, shape: [rows, width], perLayer, data }) => {
    const layers = perLayer ? a.layers : 1;
    const size = rows * width;
    const table = g.constant(`steps.${name}`, [timesteps.length, layers * rows, width], () => {
      const values = new Float32Array(timesteps.length * layers * size);
      for (let i = 0; i < timesteps.length * layers; i++) {
        values.set(data(Math.floor(i / layers), i % layers), i * size);
      }
      return values;
    });
    return g.gather(table, step);
  });
  const pieces = cross.pieces(prepared, constants, a.layers);
  const blocks = new DecoderBlocks(g, weights, a, horizon, cross, int8);
  const offset = g.constant('embedding.offset', [a.horizon, a.embedding], () =>
    toFloat32(plus(weights.positions, rowVector(weights.inputEmbedding.bias))),
  );
  let stream = embed(g, weights, padWithZeros(g, sample, 0, a.horizon), offset);
  for (const block of blocksOf(a.layers)) {
    stream = g.add(stream, blocks.branch(block, stream, pieces[block.layer]!));
  }
  const output = g.slice(outputHead(g, weights, stream), 0, horizon, 0);
  const next = solverStep(g, manifest, { step, sample, noise, output, known });
  return g.finish({
    next,
    action: g.reshape(physicalAction(g, manifest, next), [1, executed, actions]),
  });
}

interface StepValues {
  /** Scalar. */
  readonly step: Value;
  /** (T, A), as noise and output. */
  readonly sample: Value;
  readonly noise: Value;
  readonly output: Value;
  readonly known: InpaintingGraph | undefined;
}

/** The solver with its coefficients looked up, see DenoisingStep. */
function solverStep(
  g: GraphBuilder,
  manifest: PolicyManifest,
  { step, sample, noise, output, known }: StepValues,
): Value {
  const steps = denoisingSteps(manifest.noise_scheduler);
  const names = ['p', 'q', 'c0', 'c1', 'c2', 'sigma'] as const;
  const table = g.constant('coefficients', [steps.length, names.length], () =>
    Float32Array.from(steps.flatMap((values) => names.map((name) => values[name]))),
  );
  const coefficients = g.split(
    g.gather(table, step),
    names.map(() => 1),
    0,
  );
  const [p, q, c0, c1, c2, sigma] = coefficients as [Value, Value, Value, Value, Value, Value];
  const times = (a: Value, b: Value): Value => g.binary('Mul', a, b);
  const predicted = g.add(times(sample, p), times(output, q));
  const clean = known?.apply(predicted, { clean: 1 }) ?? predicted;
  const range = manifest.noise_scheduler.clip_range;
  const clipped = range === null ? clean : g.clip(clean, -range, range);
  const terms = [times(clipped, c0), times(sample, c1), times(noise, sigma)];
  if (steps.some((values) => values.c2 !== 0)) terms.push(times(clean, c2));
  return g.sum(terms);
}
