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

/**
 * Follows plans while they denoise: after each step that the interpreter ends (of an affine run, its last) the root
 * mean square difference of the sample (T, A) from dense after the same step, normalised.
 * @param plans that take the same steps as dense
 * @returns one curve for each
 */
export async function alongDenoising(
  { manifest }: PolicyPackage,
  plans: readonly NamedPlan[],
  inputs: DenoisingInputs,
  interpreter: Interpreter,
): Promise<ReportRow['along_denoising'][]> {
  const { steps } = manifest.noise_scheduler;
  const chosen = selectSamples(inputs, spreadEvenly(inputs.samples, OBSERVATIONS), steps);
  const dense = await samplesByStep(interpreter, chosen);
  const curves: ReportRow['along_denoising'][] = [];
  for (const { name, plan } of plans) {
    const program = denoisingProgram(manifest, plan, name);
    const found = await samplesByStep(interpreter, { ...chosen, program });
    curves.push(
      [...found]
        .sort(([a], [b]) => a - b)
        .map(([step, sample]) => ({
          share: (step + 1) / steps,
          rms: rootMeanSquareDifference(sample, dense.get(step)!),
        })),
    );
  }
  return curves;
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

function rootMeanSquareDifference(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum / a.length);
}
