import type { SolverKind } from '../caching/plan_fields.js';
import type { NoiseScheduler } from './manifest.js';
import {
  cleanSample,
  denoisingSteps,
  type DenoisingStep,
  trainedSchedule,
} from './noise_schedule.js';

/**
 * The denoising steps of a solver over the noise schedule that a policy was trained with, in the order they
 * run. `ddpm` and `ddim` take every (training steps / steps)-th timestep, as diffusers' `leading` spacing does.
 * @param steps how many, 1 to the number of training steps
 */
export function solverSteps(
  scheduler: NoiseScheduler,
  kind: SolverKind,
  steps: number,
): DenoisingStep[] {
  if (kind === 'dpm-solver++') return multistepSolver(scheduler, steps);
  return denoisingSteps({ ...scheduler, kind, steps });
}

/**
 * DPM-Solver++(2M) (Lu et al., arXiv 2211.01095, algorithm 2), data prediction: with lambda = log(alpha / sigma),
 * h = lambda' - lambda and r = h_before / h,
 *
 *     x' = (sigma' / sigma) x - alpha' (e^-h - 1) D,    D = (1 + 1 / 2r) v - (1 / 2r) v_before,
 *
 * timesteps evenly spread from the noisiest on (`trailing` spacing of diffusers). The first step has no step before it and the last ends at the
 * clean sample, where h is infinite: both are of first order.
 */
function multistepSolver(scheduler: NoiseScheduler, count: number): DenoisingStep[] {
  const { cumulative } = trainedSchedule(scheduler);
  const timesteps = Array.from(
    { length: count },
    (_, k) => Math.round((scheduler.train_steps * (count - k)) / count) - 1,
  );
  const lambda = (t: number): number => Math.log(cumulative[t]! / (1 - cumulative[t]!)) / 2;
  return timesteps.map((t, k) => {
    const alphaBar = cumulative[t]!;
    const common = { timestep: t, alphaBar, ...cleanSample(scheduler.prediction_type, alphaBar) };
    const next = timesteps[k + 1];
    // The clean sample is where sigma is 0: e^-h = 0, and x' = D.
    if (next === undefined) return { ...common, c0: 1, c1: 0, c2: 0, sigma: 0 };
    const h = lambda(next) - lambda(t);
    const c1 = Math.sqrt((1 - cumulative[next]!) / (1 - cumulative[t]!));
    const whole = -Math.sqrt(cumulative[next]!) * Math.expm1(-h);
    const before = timesteps[k - 1];
    if (before === undefined) return { ...common, c0: whole, c1, c2: 0, sigma: 0 };
    const extrapolated = h / (2 * (lambda(t) - lambda(before)));
    const c0 = whole * (1 + extrapolated);
    return { ...common, c0, c1, c2: 0, c3: -whole * extrapolated, sigma: 0 };
  });
}
