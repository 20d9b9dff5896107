import { rmsDifference } from '../../caching/rms_difference.js';
import {
  type DenoisingInputs,
  selectSamples,
  spreadEvenly,
} from '../../caching/denoising_inputs.js';
import { denoisingProgram } from '../../caching/denoising_program.js';
import type { Interpreter } from '../../inference/interpreter.js';
import type { PolicyPackage } from '../../policy/policy_package.js';
import type { NamedPlan } from './measure_plans.js';
import type { ReportRow } from './report_facts.js';

/** Observations that are followed step by step; the curves of more look the same. */
const OBSERVATIONS = 16;

/** What comes of following a plan. */
export type Followed = Pick<ReportRow, 'along_denoising'>;

/**
 * Runs plans by the interpreter, which tells what happens inside: after each step that it ends (of an affine run, its
 * last) how far the sample is from dense after the same step. Plans that take other steps than dense have no such
 * curve.
 * @returns by name
 */
export async function followPlans(
  { manifest }: PolicyPackage,
  plans: readonly NamedPlan[],
  inputs: DenoisingInputs,
  interpreter: Interpreter,
): Promise<ReadonlyMap<string, Followed>> {
  const { steps, kind } = manifest.noise_scheduler;
  const chosen = selectSamples(inputs, spreadEvenly(inputs.samples, OBSERVATIONS), steps);
  const dense = await samplesByStep(interpreter, chosen);
  const followed = new Map<string, Followed>();
  for (const { name, plan } of plans) {
    const { solver, steps: own } = plan.plan;
    const sameSteps = solver.kind === kind && own === steps;
    const found = sameSteps
      ? await samplesByStep(interpreter, { ...chosen, program: denoisingProgram(manifest, plan) })
      : new Map<number, Float32Array>();
    followed.set(name, {
      along_denoising: [...found]
        .sort(([a], [b]) => a - b)
        .map(([step, sample]) => ({
          share: (step + 1) / steps,
          rms: rmsDifference(sample, dense.get(step)!),
        })),
    });
  }
  return followed;
}

/** The samples (n, T, A) after each step, all batches together. */
async function samplesByStep(
  interpreter: Interpreter,
  input: Parameters<Interpreter['run']>[0],
): Promise<Map<number, Float32Array>> {
  const size = input.initialNoise.length / input.samples;
  const all = new Map<number, Float32Array>();
  await interpreter.run({
    ...input,
    onStep: (step, sample, firstSample) => {
      if (!all.has(step)) all.set(step, new Float32Array(input.initialNoise.length));
      all.get(step)!.set(sample, firstSample * size);
    },
  });
  return all;
}
