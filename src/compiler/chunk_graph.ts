import type { DenoisingProgram } from '../caching/denoising_program.js';
import { BadInput } from '../errors.js';
import type { PolicyManifest } from '../policy/manifest.js';
import { AffineRunsGraph, type EvaluatedValues } from './affine_runs_graph.js';
import { CachedNetwork, type Predict } from './cached_network.js';
import type { DenoiserWeights } from './denoiser_weights.js';
import { GraphBuilder, type OnnxGraph, type Value } from './graph.js';
import { InpaintingGraph } from './inpainting_graph.js';
import { Int8Blocks } from './int8_blocks.js';
import { physicalAction } from './physical_action.js';
import { SolverGraph } from './solver_graph.js';
import { padWithZeros, tokensToCompute } from './token_padding.js';

/** What a graph may have beside policy and plan. */
export interface ChunkGraphOptions {
  /** Kept in the file. */
  readonly metadata?: Record<string, string>;
  /** Whether it is told what is known of the chunk; default false. */
  readonly inpainting?: boolean;
}

/**
 * The whole denoising loop with a plan baked in: one graph without control flow, one run per chunk.
 *
 * Inputs `condition` (1, To, Dc), `initial_noise` (1, T, A), `step_noise` (K, 1, T, A), K of the policy; outputs
 * `sample` (1, T, A) normalised and `action` (1, Ta, A) in physical units. With inpainting also inputs `known` and
 * `known_weight` (1, T, A), see {@link Inpainting}.
 *
 * @throws BadInput when the program decides at run time, or constants are missing
 */
export function buildChunkGraph(
  weights: DenoiserWeights,
  manifest: PolicyManifest,
  program: DenoisingProgram,
  options: ChunkGraphOptions = {},
): OnnxGraph {
  if (program.decision) {
    throw new BadInput(
      `decides while denoising (${program.decision.kind}), which no graph can`,
      'plan',
      'run it with --engine interpreter',
    );
  }
  const a = manifest.architecture;
  const g = new GraphBuilder(options.metadata);
  const condition = g.reshape(g.input('condition', [1, a.n_obs_steps, a.condition_dim]), [
    a.n_obs_steps,
    a.condition_dim,
  ]);
  const shape = [a.horizon, a.action_dim] as const;
  const initial = g.reshape(g.input('initial_noise', [1, ...shape]), shape);
  const { steps: noises } = manifest.noise_scheduler;
  const noise = g.reshape(g.input('step_noise', [noises, 1, ...shape]), [noises, ...shape]);
  const tokens = tokensToCompute(a.horizon, program.numerics);
  const int8 = new Int8Blocks(program.numerics);
  const network = new CachedNetwork(g, weights, manifest, program, condition, tokens, int8);
  const known = program.affine ? [1, a.horizon * a.action_dim] : shape;
  const inpainting = options.inpainting ? InpaintingGraph.input(g, shape, known) : undefined;
  const loop = { g, manifest, program, network, condition, initial, noise, tokens, inpainting };
  const sample = program.affine ? affineLoop(loop) : steppedLoop(loop);
  return g.finish({
    sample: g.reshape(sample, [1, ...shape]),
    action: g.reshape(physicalAction(g, manifest, sample), [1, a.n_action_steps, a.action_dim]),
  });
}

interface Loop {
  readonly g: GraphBuilder;
  readonly manifest: PolicyManifest;
  readonly program: DenoisingProgram;
  readonly network: CachedNetwork;
  /** (To, Dc) */
  readonly condition: Value;
  /** (T, A) */
  readonly initial: Value;
  /** (K, T, A), K of the policy */
  readonly noise: Value;
  /** Tokens to compute with, T or more. */
  readonly tokens: number;
  /** (T, A), of affine runs (1, TA). */
  readonly inpainting: InpaintingGraph | undefined;
}

/** Every denoising step by itself. @returns the sample (T, A) */
function steppedLoop(loop: Loop): Value {
  const { g, manifest, program, network, initial, noise, tokens: rows, inpainting } = loop;
  const { horizon, action_dim: actions } = manifest.architecture;
  const { steps, noiseRows, evaluations } = program;
  const solver = new SolverGraph(
    g,
    steps,
    manifest.noise_scheduler.clip_range,
    g.reshape(padWithZeros(g, noise, 1, rows), [noise.shape[0]!, rows * actions]),
    noiseRows,
    [rows, actions],
    inpainting?.padded(rows),
  );
  let state = padWithZeros(g, initial, 0, rows);
  let predict: Predict | undefined;
  for (const k of steps.keys()) {
    const factors = solver.factors(k);
    if (evaluations.includes(k)) {
      predict = undefined;
      network.update(k, state, factors.scale);
      state = solver.advance(k, state, network.output(state, factors));
    } else {
      predict ??= network.reuse(k, evaluations.find((at) => at > k) ?? steps.length);
      state = solver.advance(k, state, predict(k, state, factors));
    }
  }
  return g.slice(solver.sample(state), 0, horizon, 0);
}

/** One affine map from evaluation to evaluation. @returns the sample (T, A) */
function affineLoop({
  g,
  manifest,
  program,
  network,
  condition,
  initial,
  noise,
  tokens,
  inpainting,
}: Loop): Value {
  const { horizon, action_dim: actions } = manifest.architecture;
  const range = manifest.noise_scheduler.clip_range;
  const size = horizon * actions;
  const maps = new AffineRunsGraph(
    g,
    condition,
    g.reshape(noise, [noise.shape[0]!, size]),
    program.noiseRows,
  );
  let x = g.reshape(initial, [1, size]);
  let before: EvaluatedValues | undefined;
  for (const run of program.affine!) {
    const { p, q } = program.steps[run.begin]!;
    const asked = maps.asked(run, x);
    const state = padWithZeros(g, g.reshape(asked, [horizon, actions]), 0, tokens);
    network.update(run.begin, state, 1);
    const padded = network.output(state, { scale: 1, output: q, sample: p });
    const predicted = g.reshape(g.slice(padded, 0, horizon, 0), [1, size]);
    const clean = range === null ? predicted : g.clip(predicted, -range, range);
    const now = { x, asked, clean };
    const next = maps.advance(run, now, before);
    x = inpainting?.apply(next, maps.known(run, program.steps, x)) ?? next;
    before = now;
  }
  return g.reshape(x, [horizon, actions]);
}
