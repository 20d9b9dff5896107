import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from './contender.js';

/** Chunks that each contender makes before its time counts: caches and clocks settle. */
const WARM_UP_CHUNKS = 2;
/** ms in which threads of the contender before, which wait busily for more work, go to sleep. */
const REST_MS = 25;

/** What one contender did. */
export interface TimedChunks {
  /** ms, every chunk in the order they were made. */
  readonly times: readonly number[];
  /** Time of this process's processors for each of them, ms; empty where others worked. */
  readonly cpuTimes: readonly number[];
  /** Of the first chunk of each sample: executed actions (Ta, A), physical. */
  readonly actions: readonly Float32Array[];
}

/**
 * Lets all contenders make chunks in turn, A B C A B C ..., so that a machine whose speed drifts slows all alike.
 * @param options `chunks` each contender makes, `samples` of the workload (chunk j uses j mod samples), `threads` inside
 *   one operator
 */
export async function timeInTurn(
  contenders: readonly Contender[],
  options: {
    readonly chunks: number;
    readonly samples: number;
    readonly threads: number;
    readonly onChunk?: () => void;
  },
): Promise<TimedChunks[]> {
  const results = contenders.map(() => ({
    times: [] as number[],
    cpuTimes: [] as number[],
    actions: [] as Float32Array[],
  }));
  for (let chunk = -WARM_UP_CHUNKS; chunk < options.chunks; chunk++) {
    const sample = Math.max(chunk, 0) % options.samples;
    for (const [i, contender] of contenders.entries()) {
      if (options.threads > 1) await sleep(REST_MS);
      const { ms, cpuMs, action } = await contender.run(sample);
      if (chunk < 0) continue;
      results[i]!.times.push(ms);
      if (cpuMs !== undefined) results[i]!.cpuTimes.push(cpuMs);
      if (chunk < options.samples) results[i]!.actions.push(action);
      options.onChunk?.();
    }
  }
  return results;
}
