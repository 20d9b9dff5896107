import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import { denoisingProgram } from '../caching/denoising_program.js';
import type { RunOnCalibration } from '../caching/methods/run_on_calibration.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { Interpreter } from './interpreter.js';

/**
 * Runs plans on calibration observations, as methods ask for, by the interpreter.
 * @param onStep called after each denoising step with the number of samples that took it
 */
export function calibrationRun(
  interpreter: Interpreter,
  manifest: PolicyManifest,
  inputs: DenoisingInputs,
  onStep?: (samples: number) => void,
): RunOnCalibration {
  const { samples } = inputs;
  const countFrom = (firstSample: number): number =>
    Math.min(interpreter.batch, samples - firstSample);
  return {
    samples,
    async run(made, { onBlock, onOutput }) {
      await interpreter.run({
        ...inputs,
        ...(made && { program: denoisingProgram(manifest, made) }),
        onBranch: (step, block, branch, firstSample, { stream, attention }) =>
          onBlock?.({
            ...{ step, block, branch, stream, firstSample, samples: countFrom(firstSample) },
            ...(attention && { attention }),
          }),
        onOutput: (step, output, firstSample) =>
          onOutput?.({ step, output, firstSample, samples: countFrom(firstSample) }),
        onStep: (_, __, firstSample) => onStep?.(countFrom(firstSample)),
      });
    },
  };
}
