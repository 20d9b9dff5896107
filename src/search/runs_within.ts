import type { BatchedNetwork } from '../inference/batched_network.js';
import type { PolicyManifest } from '../policy/manifest.js';

/** Fewer dense runs are of no use, however long they take. */
const LEAST_RUNS = 64;
/** Evaluations that are timed, after the first, which also prepares. */
const TIMED = 2;

/**
 * How many dense runs a machine makes in a time, from a few evaluations of the network.
 * @param network of `available` observations or more
 * @param now ms by a steady clock
 * @returns at most `wanted`, and not below 64 for lack of time
 */
export async function runsWithin(
  network: Pick<BatchedNetwork, 'batch' | 'evaluate'>,
  {
    architecture: a,
    noise_scheduler: { steps },
  }: Pick<PolicyManifest, 'architecture' | 'noise_scheduler'>,
  { wanted, available, seconds }: { wanted: number; available: number; seconds: number },
  now: () => number = () => performance.now(),
): Promise<number> {
  const rows = Array.from({ length: Math.min(network.batch, available) }, (_, i) => i);
  const x = new Float32Array(rows.length * a.horizon * a.action_dim);
  await network.evaluate(rows, 0, x);
  const begin = now();
  for (let i = 0; i < TIMED; i++) await network.evaluate(rows, 0, x);
  // A batch that is not full takes as long as a full one.
  const msPerRun = ((now() - begin) / TIMED / network.batch) * steps;
  const possible = Math.floor((1000 * seconds) / msPerRun / network.batch) * network.batch;
  return Math.min(wanted, Math.max(LEAST_RUNS, possible));
}
