import { blockName } from '../../caching/blocks.js';
import type { Calibration } from '../../caching/calibration.js';
import { blockError } from '../../caching/step_similarity.js';
import { table } from '../terminal.js';
import type { Description } from './description.js';

/** A calibration: what was recorded and the error of every block, by which the bubbling union ranks them. */
export function describeCalibration(path: string, calibration: Calibration): Description {
  const { policySha256, steps, samples, seed, sources, solver } = calibration;
  const errors = calibration.blocks.map(({ block, statistics }) => ({
    block: blockName(block),
    error: blockError(statistics),
  }));
  return {
    facts: {
      kind: 'calibration',
      path,
      policy_sha256: policySha256,
      solver,
      steps,
      samples,
      seed,
      sources,
      block_errors: Object.fromEntries(errors.map(({ block, error }) => [block, error])),
    },
    text: [
      `calibration of policy ${policySha256.slice(0, 12)}: ${samples} samples, ${steps} steps, from ${sources.map(({ name }) => name).join(', ')}`,
      table(
        ['block', 'error'],
        errors.map(({ block, error }) => [block, error.toPrecision(4)]),
      ),
    ].join('\n'),
  };
}
