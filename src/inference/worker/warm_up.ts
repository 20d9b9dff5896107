import { median } from '../../caching/median.js';
import type { PolicyRunner } from '../policy_runner.js';
import { seededChunkNoise } from '../seeded_noise.js';

/** Times of the denoiser in a warm-up, ms, without the first chunk. */
export interface WarmUp {
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly maxMs: number;
  /** Chunks that were made, the first included. */
  readonly chunks: number;
}

const MIN_CHUNKS = 4;
const MAX_CHUNKS = 20;
const MAX_MS = 2000;
/** Times have settled when the last ones are this close to the best. */
const SETTLED = 1.1;
const LAST = 3;

/**
 * Runs a policy on zeros until its times settle: the first chunks take longer, for memory is still being
 * allocated and caches are cold, and would spoil what is measured later.
 */
export async function warmUp(runner: PolicyRunner): Promise<WarmUp> {
  const { architecture: a, noise_scheduler: scheduler } = runner.manifest;
  await encodeBlack(runner);
  const condition = new Float32Array(a.n_obs_steps * a.condition_dim);
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < MAX_CHUNKS) {
    const enough = times.length >= MIN_CHUNKS;
    if (enough && (haveSettled(times) || performance.now() - begin > MAX_MS)) break;
    const noise = seededChunkNoise(0, times.length, scheduler.steps, a.horizon, a.action_dim);
    times.push((await runner.denoise(condition, noise)).latencyMs);
  }
  const sorted = times.slice(1).sort((x, y) => x - y);
  return {
    medianMs: median(sorted),
    p90Ms: sorted[Math.ceil(0.9 * sorted.length) - 1]!,
    maxMs: sorted.at(-1)!,
    chunks: times.length,
  };
}

/** Makes one chunk on zeros, pictures included. @returns ms */
export async function wholeChunkMs(runner: PolicyRunner): Promise<number> {
  const { architecture: a, noise_scheduler: scheduler } = runner.manifest;
  const condition = new Float32Array(a.n_obs_steps * a.condition_dim);
  const noise = seededChunkNoise(0, 0, scheduler.steps, a.horizon, a.action_dim);
  const begin = performance.now();
  await encodeBlack(runner);
  await runner.denoise(condition, noise);
  return performance.now() - begin;
}

/** Black frames, as many as a chunk needs. */
async function encodeBlack(runner: PolicyRunner): Promise<void> {
  const { architecture: a, inputs } = runner.manifest;
  for (const input of inputs) {
    if (input.kind === 'vector') continue;
    const black = new Uint8Array(input.size[0] * input.size[1] * 3);
    for (let frame = 0; frame < a.n_obs_steps; frame++) await runner.encodeImage(input.name, black);
  }
}

function haveSettled(times: readonly number[]): boolean {
  return Math.max(...times.slice(-LAST)) <= SETTLED * Math.min(...times);
}
