import { rmsDifference } from '../../caching/rms_difference.js';
import {
  type DenoisingInputs,
  selectSamples,
  spreadEvenly,
} from '../../caching/denoising_inputs.js';
import { denoisingProgram } from '../../caching/denoising_program.js';
import type { Interpreter } from '../../inference/interpreter.js';
import { executedActions } from '../../policy/executed_actions.js';
import type { PlanFile } from '../../policy/plan_file.js';
import type { PolicyPackage } from '../../policy/policy_package.js';
import type { NamedPlan } from './measure_plans.js';
import type { ReportRow } from './report_facts.js';

/** Observations that are followed step by step; the curves of more look the same. */
const OBSERVATIONS = 16;

/** What comes of following a plan. */
export type Followed = Pick<ReportRow, 'along_denoising' | 'rms_without_correction'>;

/**
 * Runs plans by the interpreter, which tells what happens inside: after each step that it ends (of an affine run, its
 * last) how far the sample is from dense after the same step; and what a plan with an affine correction does without
 * it. Plans that take other steps than dense have no such curve.
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
    const { solver, steps: own, correction } = plan.plan;
    const sameSteps = solver.kind === kind && own === steps;
    const found = sameSteps
      ? await samplesByStep(interpreter, { ...chosen, program: denoisingProgram(manifest, plan) })
      : new Map<number, Float32Array>();
    let without: number | null = null;
    if (correction?.kind === 'affine') {
      const { sample } = await interpreter.run({
        ...chosen,
        program: denoisingProgram(manifest, withoutCorrection(plan), name),
      });
      without = rmsDifference(
        executedActions(manifest, sample),
        executedActions(manifest, dense.get(steps - 1)!),
      );
    }
    followed.set(name, {
      along_denoising: [...found]
        .sort(([a], [b]) => a - b)
        .map(([step, sample]) => ({
          share: (step + 1) / steps,
          rms: rmsDifference(sample, dense.get(step)!),
        })),
      rms_without_correction: without,
    });
  }
  return followed;
}

/** The same plan, whose blocks reuse what they stored from one evaluation to the next. */
function withoutCorrection({ plan }: PlanFile): Pick<PlanFile, 'plan' | 'constants'> {
  const bare = { ...plan };
  delete bare.correction;
  delete bare.constants;
  return { plan: bare, constants: new Map() };
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
