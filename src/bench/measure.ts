import type { Contender } from './contender.js';
import { ownTime } from './own_time.js';
import { timeInTurn } from './time_in_turn.js';

/** One line of the result, in the format other programs read. */
export interface BenchRow {
  readonly name: string;
  readonly engine: string;
  readonly threads: number;
  readonly median_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  /** As if nothing else ran, see {@link ownTime}. */
  readonly own_ms: number;
  /** Multiply-adds relative to the dense compiled engine. */
  readonly cost: number;
  /** Root mean square error of executed actions against the first contender, same noise; physical. */
  readonly error_rms: number;
  /** Load and warm-up, ms; null for peers. */
  readonly load_ms: number | null;
}

/**
 * Times all contenders in turn and compares their actions.
 * @param contenders the first is what errors are measured against
 * @param options `chunks` each contender makes, `samples` of the workload (chunk j uses j mod samples)
 */
export async function measure(
  contenders: readonly Contender[],
  options: {
    readonly chunks: number;
    readonly samples: number;
    readonly threads: number;
    readonly onChunk?: () => void;
  },
): Promise<BenchRow[]> {
  const results = await timeInTurn(contenders, options);
  // Loading it takes longer than most commands run.
  const { mean, quantileSeq } = await import('mathjs/number');
  return contenders.map(({ name, engine, cost, loadMs }, i) => {
    const { times, cpuTimes, actions } = results[i]!;
    const quantile = (share: number): number => round(Number(quantileSeq([...times], share)));
    return {
      name,
      engine,
      threads: options.threads,
      median_ms: quantile(0.5),
      p90_ms: quantile(0.9),
      p99_ms: quantile(0.99),
      own_ms: round(ownTime({ times, cpuTimes }, options.threads)),
      cost,
      error_rms: Math.sqrt(mean(squaredErrors(actions, results[0]!.actions))),
      load_ms: loadMs === undefined ? null : round(loadMs),
    };
  });
}

function squaredErrors(a: readonly Float32Array[], b: readonly Float32Array[]): number[] {
  return a.flatMap((values, i) => Array.from(values, (value, j) => (value - b[i]![j]!) ** 2));
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
