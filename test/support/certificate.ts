import type { Certificate } from '../../src/caching/certificate.js';
import { errorStatistics } from '../../src/caching/error_statistics.js';
import { thisMachine } from '../../src/inference/this_machine.js';
import { normals } from './seeded_random.js';

/** The certificate of a plan whose error has this root mean square; three joints, the last a gripper. */
export function certificateWith(rms = 0.01): Certificate {
  const dense = normals(1, 240);
  const plan = dense.map((value, i) => value + rms * normals(2, 240)[i]!);
  const joints = [
    { name: 'shoulder', unit: 'rad' },
    { name: 'elbow', unit: 'rad' },
    { name: 'finger', unit: 'm', threshold: 0 },
  ];
  const error = errorStatistics({ plan, dense }, { joints, steps: 2 }, { resamples: 20 });
  return {
    format: 'bac_policy/certificate@1',
    calibration: { episodes: [0, 1], error },
    held_out: { episodes: [2], error },
    noise_spread: { samples: 40, draws: 2, difference: 0.03, deviation: 0.02 },
    correction: { calibration: 0.08, held_out: 0.09 },
    real_time_chunking: { calibration: 0.005, held_out: 0.006 },
    control: { calibration: 0.4, held_out: 0.5 },
    cost: 0.02,
    multiply_adds: 1e6,
    predicted_ms: 5.5,
    measured_ms: { median: 5.2, p90: 5.9, chunks: 20 },
    engine: 'compiled',
    provider: 'cpu',
    threads: 1,
    ...thisMachine(),
    sources: [{ name: 'lift.mcap', sha256: 'a'.repeat(64) }],
    seed: 0,
    command: 'bac-policy plan DIR --method search',
  };
}
