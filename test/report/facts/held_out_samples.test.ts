import assert from 'node:assert/strict';
import type { Certificate } from '../../../src/caching/certificate.js';
import { heldOutSamples } from '../../../src/report/facts/held_out_samples.js';

const BAG = { name: 'a.mcap', sha256: 'a'.repeat(64) };
const OTHER = { name: 'b.mcap', sha256: 'b'.repeat(64) };

function certificate(source: typeof BAG, ...episodes: number[]): Certificate {
  return { sources: [source], calibration: { episodes } } as unknown as Certificate;
}

describe('heldOutSamples', () => {
  const observed = { sources: [BAG], episodes: [0, 0, 1, 2, 2] };

  it('leaves out episodes that any plan was calibrated on', () => {
    assert.deepEqual(heldOutSamples(observed, [certificate(BAG, 0), certificate(BAG, 1)]), [3, 4]);
  });

  it('takes all of another file, where the same number is another episode', () => {
    assert.deepEqual(heldOutSamples(observed, [certificate(OTHER, 0, 1)]), [0, 1, 2, 3, 4]);
    assert.deepEqual(heldOutSamples(observed, []), [0, 1, 2, 3, 4]);
  });

  it('takes all where nothing would be left', () => {
    assert.equal(heldOutSamples(observed, [certificate(BAG, 0, 1, 2)]).length, 5);
  });
});
