import type { DenoisingStep } from '../policy/noise_schedule.js';

/**
 * Where the network is asked at an evaluation: not at the sample x of step a itself, but at
 *
 *     x~ = scale (x + sum over k = a..b-1 of weight_k z_k),
 *
 * with the noise z_k that the steps up to the next evaluation b are going to add, which is known beforehand. A
 * policy that is sure of itself moves along its data with the noise and not across it; which way that is depends
 * on the state, so no fitted map knows it, but the network's answer at x~ does.
 */
export interface LookAhead {
  /** (b - a): factors of the noise of the run's steps. */
  readonly weights: Float32Array;
  /** (TA, TA): of x~ in the run's map. */
  readonly asked: Float32Array;
  /** Denoising step whose level of noise x~ has: its timestep is told to the network. */
  readonly level: number;
  readonly scale: number;
}

/** How an evaluation looks ahead: what its weights are made of. */
export interface Look {
  /** 0 looks not ahead; 0.7 is good for runs over which the noise halves. */
  readonly strength: number;
  /** How the weights fall with the level of noise of their step, as a power of its standard deviation. */
  readonly fall: number;
}

/**
 * Weights of the noise of a run's steps: what each of them would add up to in the final sample if the policy
 * followed it, times the strength. In units of x / sqrt(alphaBar), where the clean sample has factor 1.
 * @returns (end - begin)
 */
export function lookAheadWeights(
  steps: readonly DenoisingStep[],
  begin: number,
  end: number,
  { strength, fall }: Look,
): Float32Array {
  return noiseWeights(steps, begin, end, fall).map((weight) => strength * weight);
}

/**
 * What the noise of each step of a run would add up to in the final sample if the policy followed it, times the
 * `fall`th power of how far the noise's standard deviation has fallen by then.
 * @returns (end - begin)
 */
export function noiseWeights(
  steps: readonly DenoisingStep[],
  begin: number,
  end: number,
  fall: number,
): Float32Array {
  const from = steps[begin]!;
  return Float32Array.from({ length: end - begin }, (_, i) => {
    const k = begin + i;
    const after = steps[k + 1]?.alphaBar ?? 1;
    const left = (noiseLevel(steps[k]!) / noiseLevel(from)) ** (fall / 2);
    return left * steps[k]!.sigma * Math.sqrt(from.alphaBar / after);
  });
}

/** The level and scale of x~, see {@link LookAhead}: the step whose share of noise is nearest. */
export function askedAt(
  steps: readonly DenoisingStep[],
  begin: number,
  weights: Float32Array,
): Pick<LookAhead, 'level' | 'scale'> {
  const from = steps[begin]!;
  const added = weights.reduce((sum, weight) => sum + weight ** 2, 0) / from.alphaBar;
  const wanted = Math.log(noiseLevel(from) + added);
  const distance = (k: number): number => Math.abs(Math.log(noiseLevel(steps[k]!)) - wanted);
  let level = begin;
  while (level > 0 && distance(level - 1) < distance(level)) level--;
  return { level, scale: Math.sqrt(steps[level]!.alphaBar / from.alphaBar) };
}

/**
 * How far the noise falls over a run, as a ratio of standard deviations in units of the clean sample, 0 to 1.
 * @param end K = nothing is left
 */
export function noiseLeft(steps: readonly DenoisingStep[], begin: number, end: number): number {
  const after = steps[end];
  return after ? Math.sqrt(noiseLevel(after) / noiseLevel(steps[begin]!)) : 0;
}

/** Variance of the noise in units of the clean sample. */
function noiseLevel({ alphaBar }: DenoisingStep): number {
  return Math.max(1 - alphaBar, 1e-12) / alphaBar;
}
