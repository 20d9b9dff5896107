import { CameraFrame } from '../../../src/control/camera_frame.js';
import { isCamera, valuesOf, type CameraSource } from '../../../src/control/observation_layout.js';
import type { ObservationValue } from '../../../src/control/observation_value.js';
import type { Observation, Stamped } from '../../../src/control/observation_window.js';
import type { PolicyPackage } from '../../../src/policy/policy_package.js';
import { SeededRandom } from '../../support/seeded_random.js';

/** A made-up sample of every source of a policy. */
export function samplesFor({ manifest }: PolicyPackage, seed: number): Stamped<ObservationValue>[] {
  const random = new SeededRandom(seed);
  return manifest.observation_sources!.map((source) => {
    if (isCamera(source)) return { stampNs: 0n, value: pictureFor(source, random) };
    const value = Float64Array.from({ length: valuesOf(source) }, () => random.uniform() - 0.5);
    return { stampNs: 0n, value };
  });
}

/** A window of To observations, each of other samples. */
export function windowFor(policy: PolicyPackage, seed: number): Observation<ObservationValue>[] {
  return Array.from({ length: policy.manifest.architecture.n_obs_steps }, (_, i) => ({
    tickNs: BigInt(i),
    samples: samplesFor(policy, 100 * seed + i),
  }));
}

/** A raw picture of noise, of the policy's size or twice that. */
function pictureFor(source: CameraSource, random: SeededRandom): CameraFrame {
  const factor = 1 + random.below(2);
  const [height, width] = source.size.map((side) => side * factor) as [number, number];
  const data = Uint8Array.from({ length: height * width * 3 }, () => random.below(256));
  const message = { height, width, encoding: 'bgr8', step: width * 3, data };
  return CameraFrame.of(source, 'sensor_msgs/msg/Image', message, 'topic /camera');
}
