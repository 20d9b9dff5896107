import assert from 'node:assert/strict';
import { openDenoiser } from '../../src/inference/denoiser.js';
import { openInterpreter } from '../../src/inference/interpreter.js';
import { assertClose } from '../support/assert_close.js';
import { denoiseAll } from '../support/engines.js';
import { fixture } from '../support/fixtures.js';
import { programFor } from '../support/programs.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';
import { bacLike } from '../support/schedules.js';

const TOLERANCE = 1e-4;
const INPUTS = 1000;

describe('a thousand random inputs, compiled against block by block', () => {
  it('of the lift policy, cached', async () => {
    const { policy } = await fixture('lift_tiny');
    const { layers } = policy.manifest.architecture;
    const updates = bacLike(3 * layers, policy.manifest.noise_scheduler.steps, 2, 9);
    await compare(policy, updates);
  });

  it('of a random policy, dense', async () => {
    await compare(await randomPolicy({ noise_scheduler: { train_steps: 10, steps: 10 } }));
  });
});

async function compare(
  policy: Awaited<ReturnType<typeof randomPolicy>>,
  updates?: readonly (readonly number[])[],
): Promise<void> {
  const program = updates && programFor(policy, updates);
  const inputs = randomInputs(policy, INPUTS, 77);
  assert.ok(inputs.condition.every((value) => value !== 0));
  const interpreter = await openInterpreter(policy, { threads: 1, batch: 50 });
  const expected = await interpreter.run({ ...inputs, ...(program && { program }) });
  await interpreter.close();
  const denoiser = await openDenoiser(policy, program);
  const { sample } = await denoiseAll(denoiser, policy, inputs);
  await denoiser.close();
  assertClose(sample, expected.sample, TOLERANCE, `${INPUTS} samples`);
}
