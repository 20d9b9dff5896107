import type { MadePlan } from '../methods/method.js';
import type { RunOnCalibration } from '../methods/run_on_calibration.js';

/** Runs of the cached policy, each with the factors of the one before: they change the trajectory. */
const PASSES = 3;
/** Factors beyond these are a cached policy gone astray, not a bias. */
const RANGE = [0.5, 2] as const;

/**
 * Fits the factors of EB-Cache (arXiv 2503.07120, with the epsilon scaling of arXiv 2308.15321): one per step, by
 * which the cached policy's output gets the norm of the dense policy's output at that step, so that signal and
 * noise have the dense ratio.
 * @param made the cached plan, its factors (if any) not looked at
 * @returns one factor per step
 */
export async function fitNoiseScale(
  calibration: RunOnCalibration,
  made: MadePlan,
): Promise<number[]> {
  const { steps } = made.plan;
  const solverOnly: MadePlan = { ...made, plan: everyStep(made.plan) };
  const dense = await squaredNorms(calibration, solverOnly, steps);
  let factors = new Array<number>(steps).fill(1);
  for (let pass = 0; pass < PASSES; pass++) {
    const plan = { ...made.plan, correction: { kind: 'noise-scale' as const, factors } };
    const cached = await squaredNorms(calibration, { ...made, plan }, steps);
    factors = factors.map((_, k) => {
      const ratio = cached[k]! > 0 ? Math.sqrt(dense[k]! / cached[k]!) : 1;
      return Math.min(RANGE[1], Math.max(RANGE[0], ratio));
    });
  }
  return factors;
}

/** The same solver with every block computed at every step. */
function everyStep(plan: MadePlan['plan']): MadePlan['plan'] {
  const updates = Array.from({ length: plan.steps }, (_, step) => step);
  const { format, policy_sha256, steps, solver, method } = plan;
  return {
    ...{ format, policy_sha256, steps, solver, method },
    blocks: plan.blocks.map(({ layer, kind }) => ({
      ...{ layer, kind, updates },
      predict: { kind: 'reuse' },
    })),
    numerics: { kind: 'fp32' },
  };
}

/** Per step, the squared norm of the network's output, all samples together. */
async function squaredNorms(
  calibration: RunOnCalibration,
  made: MadePlan,
  steps: number,
): Promise<Float64Array> {
  const norms = new Float64Array(steps);
  await calibration.run(made, {
    onOutput: ({ step, output }) => {
      for (const value of output) norms[step]! += value ** 2;
    },
  });
  return norms;
}
