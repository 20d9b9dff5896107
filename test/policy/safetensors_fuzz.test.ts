import assert from 'node:assert/strict';
import { decodeSafetensors, encodeSafetensors, floatTensor } from '../../src/policy/safetensors.js';
import { mutations } from '../importers/mutations.js';
import { FUZZ_RUNS, isRefused } from '../support/fuzz.js';

describe('damaged safetensors', function () {
  this.timeout(Math.max(60_000, FUZZ_RUNS * 5));

  it('are refused or read, never more than twice what there is', () => {
    const original = encodeSafetensors(
      [
        ['observation', floatTensor([2, 3], new Float32Array(6).fill(0.5))],
        ['initial_noise', floatTensor([4], new Float32Array(4))],
        ['halves', floatTensor([5], Float32Array.of(1, -2, 0.5, 4, 65504))],
        ['inexact', floatTensor([1], Float32Array.of(1 / 3))],
        ['image', { dtype: 'U8', shape: [2, 2, 3], data: new Uint8Array(12) }],
        ['scalar', { dtype: 'I64', shape: [], data: BigInt64Array.of(3n) }],
      ],
      { key: 'value' },
      { halvesWhereExact: true },
    );
    let refused = 0;
    for (const input of mutations(original, FUZZ_RUNS, 11)) {
      const isBad = isRefused(input, () => {
        const { tensors } = decodeSafetensors(input, 'x');
        let bytes = 0;
        for (const { data } of tensors.values()) bytes += data.byteLength;
        // Half precision is widened.
        assert.ok(bytes <= 2 * input.length, `${bytes} bytes out of ${input.length}`);
      });
      if (isBad) refused++;
    }
    assert.ok(refused > FUZZ_RUNS / 2, `${refused} of ${FUZZ_RUNS} refused`);
    assert.ok(refused < FUZZ_RUNS, 'some damage is not seen');
  });
});
