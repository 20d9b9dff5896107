import assert from 'node:assert/strict';
import { sinusoidalEmbedding } from '../../src/compiler/condition_tokens.js';
import { assertClose } from '../support/assert_close.js';

/** SinusoidalPosEmb of diffusion_policy in PyTorch 2, 32-bit floats: [E, timestep, values]. */
const OF_PYTORCH: readonly (readonly [number, number, readonly number[]])[] = [
  [4, 7, [0.65698659, 0.00069999986, 0.75390226, 0.99999976]],
  [
    16,
    99,
    [
      ...[-0.99920684, 0.98952806, 0.7457788, 0.94255608, 0.4905912, 0.13712662, 0.036894821],
      ...[0.009899837, 0.03982088, 0.14434057, 0.66619366, -0.33404791, 0.87138987, 0.9905535],
      ...[0.99931914, 0.999951],
    ],
  ],
  [
    16,
    999,
    [
      ...[-0.026460752, -0.82259929, 0.3523044, 0.42423773, -0.89520431, 0.9833585, 0.36383966],
      ...[0.099733911, 0.99964982, -0.56862152, -0.93588549, 0.90555084, 0.445656, 0.18167567],
      ...[0.93146157, 0.99501413],
    ],
  ],
];

describe('sinusoidalEmbedding', () => {
  for (const [embedding, timestep, expected] of OF_PYTORCH) {
    it(`is that of PyTorch, rounding included: E ${embedding}, timestep ${timestep}`, () => {
      const { rows, columns, data } = sinusoidalEmbedding(embedding, timestep);
      assert.deepEqual([rows, columns], [1, embedding]);
      // Without the rounding of angles timestep 999 would be off by 5e-5.
      assertClose(data, expected, 1e-6, 'embedding');
    });
  }
});
