import { quantileSeq } from 'mathjs/number';
import type { ReportFacts, TimeFacts } from './report_facts.js';

/** Percentiles of times and how much faster they are than dense. @param chunksMs ms of each chunk */
export function timeFacts(
  chunksMs: readonly number[],
  denseMs: readonly number[],
  eager: ReportFacts['eager'],
): TimeFacts {
  const median = quantile(chunksMs, 0.5);
  const vsDense = quantile(denseMs, 0.5) / median;
  return {
    median_ms: median,
    p90_ms: quantile(chunksMs, 0.9),
    p99_ms: quantile(chunksMs, 0.99),
    vs_dense: vsDense,
    vs_eager: eager && (eager.eager_ms / eager.dense_ms) * vsDense,
    chunks_ms: chunksMs.map((time) => Math.round(time * 1000) / 1000),
  };
}

/** Quantile of a list, between neighbours where it falls between them. @param share 0..1 */
export function quantile(values: readonly number[], share: number): number {
  return Number(quantileSeq([...values], share));
}
