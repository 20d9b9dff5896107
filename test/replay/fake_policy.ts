import type { PolicyManifest } from '../../src/policy/manifest.js';
import type { ReplayedPolicy } from '../../src/replay/replay.js';

/**
 * A policy without a network: its actions are the initial noise, 2.5 ms each, and the features of a picture
 * are its first pixel.
 * @param onCondition told every condition
 * @param onPicture told every picture that is encoded
 */
export function fakePolicy(
  manifest: PolicyManifest,
  onCondition: (condition: Float32Array) => void = () => undefined,
  onPicture: (rgb: Uint8Array) => void = () => undefined,
): ReplayedPolicy {
  const { n_action_steps: actionSteps, action_dim: actionDim } = manifest.architecture;
  return {
    manifest,
    policySha256: 'ab'.repeat(32),
    planSha256: 'cd'.repeat(32),
    encodeImage: async (_, rgb) => {
      onPicture(rgb);
      return Promise.resolve(Float32Array.from(rgb.subarray(0, 3)));
    },
    denoise: async (condition, { initial }) => {
      onCondition(condition);
      const action = initial.slice(0, actionSteps * actionDim);
      return Promise.resolve({ sample: initial, action, latencyMs: 2.5 });
    },
    close: async () => Promise.resolve(),
  };
}
