import { driftedName } from '../control/condition_names.js';
import type { DriftMonitor } from '../control/drift_monitor.js';
import type { PolicyManifest } from '../policy/manifest.js';
import type { ReplayDrift } from './replay_statistics.js';

/** What a monitor saw, for the statistics of a replay. */
export function replayDrift(monitor: DriftMonitor, manifest: PolicyManifest): ReplayDrift {
  const { level, chunks, beyond, distance, outOfRange, drifts } = monitor.report();
  return {
    level,
    beyond,
    share: beyond / Math.max(1, chunks),
    distance: { p50: distance?.p50 ?? 0, max: distance?.max ?? 0 },
    out_of_range: driftedName(manifest, outOfRange) ?? null,
    drifts,
  };
}
