import assert from 'node:assert/strict';
import { oncePerRun } from '../../../src/caching/methods/once_per_run.js';
import type { RunOnCalibration } from '../../../src/caching/methods/run_on_calibration.js';

describe('oncePerRun', () => {
  const run = (samples: number): RunOnCalibration => ({
    samples,
    run: () => Promise.resolve(),
  });

  it('fits again only for other runs or other arguments', async () => {
    let fits = 0;
    const fit = oncePerRun((from: RunOnCalibration, keep: number) =>
      Promise.resolve(`${from.samples} ${keep} ${fits++}`),
    );
    const [few, many] = [run(2), run(9)];
    assert.equal(await fit(few, 1), '2 1 0');
    assert.equal(await fit(few, 1), '2 1 0');
    assert.equal(await fit(few, 3), '2 3 1');
    assert.equal(await fit(many, 1), '9 1 2');
    assert.equal(await fit(few, 1), '2 1 0');
  });
});
