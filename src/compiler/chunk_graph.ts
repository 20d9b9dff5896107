import type { PolicyManifest } from '../policy/manifest.js';
import { denoisingSteps } from '../policy/noise_schedule.js';
import { CachedNetwork, type Predict } from './cached_network.js';
import type { DenoiserWeights } from './denoiser_weights.js';
import { GraphBuilder, type OnnxGraph } from './graph.js';
import { physicalAction } from './physical_action.js';
import { SolverGraph } from './solver_graph.js';
import { paddedTokens, padWithZeros } from './token_padding.js';

/**
 * The whole denoising loop with a plan baked in: one graph without control flow, one run per chunk.
 *
 * Inputs `condition` (1, To, Dc), `initial_noise` (1, T, A), `step_noise` (K, 1, T, A); outputs `sample`
 * (1, T, A) normalised and `action` (1, Ta, A) in physical units.
 *
 * @param updates per block in canonical order, the steps at which it is computed
 */
export function buildChunkGraph(
  weights: DenoiserWeights,
  manifest: PolicyManifest,
  updates: readonly (readonly number[])[],
  metadata: Record<string, string> = {},
): OnnxGraph {
  const a = manifest.architecture;
  const shape = [a.horizon, a.action_dim] as const;
  const steps = denoisingSteps(manifest.noise_scheduler);
  const g = new GraphBuilder(metadata);
  const condition = g.reshape(g.input('condition', [1, a.n_obs_steps, a.condition_dim]), [
    a.n_obs_steps,
    a.condition_dim,
  ]);
  const rows = paddedTokens(a.horizon);
  const initial = g.reshape(g.input('initial_noise', [1, ...shape]), shape);
  const noise = g.reshape(g.input('step_noise', [steps.length, 1, ...shape]), [
    steps.length,
    ...shape,
  ]);
  const solver = new SolverGraph(
    g,
    steps,
    manifest.noise_scheduler.clip_range,
    g.reshape(padWithZeros(g, noise, 1, rows), [steps.length, rows * a.action_dim]),
    [rows, a.action_dim],
  );
  const network = new CachedNetwork(
    g,
    weights,
    manifest,
    steps.map((step) => step.timestep),
    condition,
  );
  const updated = updates.map((list) => new Set(list));
  const computes = steps.map((_, k) => updated.some((list) => list.has(k)));
  let state = padWithZeros(g, initial, 0, rows);
  let predict: Predict | undefined;
  for (const k of steps.keys()) {
    const factors = solver.factors(k);
    if (computes[k]) {
      predict = undefined;
      network.update(k, (block) => updated[block]!.has(k), state, factors.scale);
      state = solver.advance(k, state, network.output(state, factors));
    } else {
      predict ??= network.reuse(lengthOfRun(computes, k));
      state = solver.advance(k, state, predict(state, factors));
    }
  }
  const sample = g.slice(solver.sample(state), 0, a.horizon, 0);
  return g.finish({
    sample: g.reshape(sample, [1, ...shape]),
    action: g.reshape(physicalAction(g, manifest, sample), [1, a.n_action_steps, a.action_dim]),
  });
}

/** Steps from k on in which nothing is computed. */
function lengthOfRun(computes: readonly boolean[], k: number): number {
  const next = computes.indexOf(true, k);
  return (next < 0 ? computes.length : next) - k;
}
