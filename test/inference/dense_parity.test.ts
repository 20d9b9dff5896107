import assert from 'node:assert/strict';
import { openInterpreter } from '../../src/inference/interpreter.js';
import { assertClose } from '../support/assert_close.js';
import { runCompiled } from '../support/engines.js';
import { FIXTURE_NAMES, fixture } from '../support/fixtures.js';

/** On normalised samples; fp32 against float64 alone is 1e-5. */
const TOLERANCE = 1e-4;

describe('dense policies against PyTorch', () => {
  for (const name of FIXTURE_NAMES) {
    it(`${name}: block by block, after every step`, async () => {
      const { policy, inputs, reference } = await fixture(name);
      const interpreter = await openInterpreter(policy, { threads: 1, batch: inputs.samples });
      const expected = reference('samples');
      const size = inputs.initialNoise.length;
      let heard = 0;
      const { sample } = await interpreter.run({
        ...inputs,
        onStep: (k, after) => {
          const from = (k + 1) * size;
          assertClose(after, expected.subarray(from, from + size), TOLERANCE, `after step ${k}`);
          heard++;
        },
      });
      await interpreter.close();
      assert.equal(heard, policy.manifest.noise_scheduler.steps);
      assertClose(sample, reference('sample'), TOLERANCE, 'sample');
    });

    it(`${name}: compiled`, async () => {
      const { policy, inputs, reference } = await fixture(name);
      const { sample, action } = await runCompiled(policy, undefined, inputs);
      assertClose(sample, reference('sample'), TOLERANCE, 'sample');
      const smallestScale = Math.min(
        ...policy.manifest.action.normaliser.scale.map((scale) => Math.abs(scale)),
      );
      assertClose(action, reference('action'), TOLERANCE / smallestScale, 'action');
    });
  }
});
