import type { NoiseScheduler } from './manifest.js';

/**
 * One denoising step as an affine map around a clip. With m the network's output,
 *
 *     v  = p x + q m                                  predicted clean sample, before clipping
 *     x' = c0 clip(v) + c1 x + c2 v + c3 clip(v_before) + sigma z         z standard normal
 *
 * covers DDPM (Ho et al. 2020, eq. 7), DDIM (Song et al. 2021, eq. 12, eta 0) and the multistep DPM-Solver++
 * (Lu et al. 2022) for every prediction type.
 */
export interface DenoisingStep {
  /** Timestep t the network is told; the largest comes first. */
  readonly timestep: number;
  /** Cumulative alpha of that timestep: the share of the clean sample's variance in x. */
  readonly alphaBar: number;
  readonly p: number;
  readonly q: number;
  readonly c0: number;
  readonly c1: number;
  readonly c2: number;
  readonly sigma: number;
  /** Of clip(v) of the step before, for multistep solvers; absent = 0. */
  readonly c3?: number;
}

/** The K denoising steps in the order they run: index 0 is the noisiest. */
export function denoisingSteps(scheduler: NoiseScheduler): DenoisingStep[] {
  const { betas, alphas, cumulative } = trainedSchedule(scheduler);
  const { train_steps: trainSteps, steps } = scheduler;
  const stride = Math.floor(trainSteps / steps);
  return Array.from({ length: steps }, (_, k) => {
    const t = (steps - 1 - k) * stride + scheduler.steps_offset;
    const alphaBar = cumulative[t]!;
    const previous = t - stride;
    const { p, q } = cleanSample(scheduler.prediction_type, alphaBar);
    const common = { timestep: t, alphaBar, p, q };
    if (scheduler.kind === 'ddim') {
      const afterLast = scheduler.set_alpha_to_one ? 1 : cumulative[0]!;
      const alphaBarPrevious = previous >= 0 ? cumulative[previous]! : afterLast;
      return { ...common, ...ddim(alphaBar, alphaBarPrevious) };
    }
    const alphaBarPrevious = previous >= 0 ? cumulative[previous]! : 1;
    // Over every training step diffusers 0.11, the version policies were trained with, takes beta from
    // the schedule itself; over a subset beta is that of the longer step.
    const beta = stride === 1 ? betas[t]! : complement(Math.fround(alphaBar / alphaBarPrevious));
    const alpha = stride === 1 ? alphas[t]! : alphaBar / alphaBarPrevious;
    const sigma =
      t === 0 || k === steps - 1 ? 0 : ddpmSigma(scheduler, alphaBar, alphaBarPrevious, beta);
    return {
      ...common,
      c0: (Math.sqrt(alphaBarPrevious) * beta) / complement(alphaBar),
      c1: (Math.sqrt(alpha) * complement(alphaBarPrevious)) / complement(alphaBar),
      c2: 0,
      sigma,
    };
  });
}

/** 1 - x in single precision. */
function complement(x: number): number {
  return Math.fround(1 - x);
}

/** p and q: how the clean sample follows from x and the network's output. */
export function cleanSample(
  prediction: NoiseScheduler['prediction_type'],
  alphaBar: number,
): { p: number; q: number } {
  const signal = Math.sqrt(alphaBar);
  const noise = Math.sqrt(complement(alphaBar));
  switch (prediction) {
    case 'epsilon':
      return { p: 1 / signal, q: -noise / signal };
    case 'sample':
      return { p: 0, q: 1 };
    case 'v_prediction':
      return { p: signal, q: -noise };
  }
}

/** beta, alpha and alphaBar of every training timestep. */
export function trainedSchedule(
  scheduler: NoiseScheduler,
): Readonly<Record<'betas' | 'alphas' | 'cumulative', readonly number[]>> {
  const betas = betaSchedule(scheduler);
  // Single precision where torch has it: near the last step 1 - alphaBar is a small difference, and what
  // the policy was trained with is what counts. torch.cumprod accumulates in double.
  const alphas = betas.map((beta) => Math.fround(1 - beta));
  let product = 1;
  const cumulative = alphas.map((alpha) => Math.fround((product *= alpha)));
  return { betas, alphas, cumulative };
}

/** The noise prediction is (x - sqrt(alphaBar) v) / sqrt(1 - alphaBar), v not clipped (as diffusers). */
function ddim(
  alphaBar: number,
  alphaBarPrevious: number,
): Pick<DenoisingStep, 'c0' | 'c1' | 'c2' | 'sigma'> {
  const direction = Math.sqrt(complement(alphaBarPrevious) / complement(alphaBar));
  return {
    c0: Math.sqrt(alphaBarPrevious),
    c1: direction,
    c2: -direction * Math.sqrt(alphaBar),
    sigma: 0,
  };
}

function ddpmSigma(
  scheduler: NoiseScheduler,
  alphaBar: number,
  alphaBarPrevious: number,
  beta: number,
): number {
  if (scheduler.variance === 'fixed_large') return Math.sqrt(beta);
  return Math.sqrt(Math.max((complement(alphaBarPrevious) / complement(alphaBar)) * beta, 1e-20));
}

/** The schedule's betas in single precision. */
function betaSchedule(scheduler: NoiseScheduler): number[] {
  const { train_steps: n, beta_start: start, beta_end: end } = scheduler;
  const linspace = (from: number, to: number): number[] =>
    Array.from({ length: n }, (_, i) => (n === 1 ? from : from + ((to - from) * i) / (n - 1)));
  const betas = {
    linear: () => linspace(start, end),
    scaled_linear: () => linspace(Math.sqrt(start), Math.sqrt(end)).map((root) => root ** 2),
    sigmoid: () => linspace(-6, 6).map((x) => (end - start) / (1 + Math.exp(-x)) + start),
    // Nichol & Dhariwal 2021, eq. 17, capped at 0.999.
    squaredcos_cap_v2: () => {
      const bar = (x: number): number => Math.cos(((x + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
      return Array.from({ length: n }, (_, i) =>
        Math.min(1 - bar((i + 1) / n) / bar(i / n), 0.999),
      );
    },
  }[scheduler.beta_schedule]();
  return betas.map(Math.fround);
}
