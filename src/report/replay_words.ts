import { ms, small } from './format_number.js';
import type { Deviation, ReplayedPlan, ReplayFacts } from './replay_facts.js';

/** What a comparison has shown, in plain sentences with its numbers. */
export function replayWords({
  chunks,
  actionsPerChunk,
  episodes,
  dense,
  otherNoise,
  plans,
}: ReplayFacts): string[] {
  const threads = `${dense.threads} thread${dense.threads === 1 ? '' : 's'}`;
  return [
    `The policy made ${chunks} chunks of ${actionsPerChunk} actions from ${episodes} recorded episodes, dense (every ` +
      `block computed at every denoising step) and with each plan, from the same noise. Dense, a chunk takes ` +
      `${ms(dense.own_ms)} (${threads}, compiled, as if nothing else ran).`,
    ...plans.map((plan) => ofPlan(plan, dense.own_ms)),
    `Dense runs from different noise are ${amounts(otherNoise.units, ({ rms }) => rms)} apart: so much the policy ` +
      'itself leaves open.',
  ];
}

function ofPlan({ label, name, plan, bench, units }: ReplayedPlan, denseMs: number): string {
  const count = plan.evaluations.length;
  const network =
    plan.correction === 'affine'
      ? `evaluates the network at ${count} of ${plan.steps} steps, an affine map in place of those between`
      : `computes ${(100 * plan.block_update_share).toFixed(1)} % of the blocks`;
  return (
    `${label} (${name}) ${network}: ${(100 * bench.cost).toFixed(1)} % of the multiply-adds. A chunk takes ` +
    `${ms(bench.own_ms)}, ${(denseMs / bench.own_ms).toFixed(1)} times faster. Its joint targets are ` +
    `${amounts(units, ({ rms }) => rms)} from the dense ones (root mean square; at most ` +
    `${amounts(units, ({ max }) => max)}).`
  );
}

function amounts(units: readonly Deviation[], of: (deviation: Deviation) => number): string {
  return units.map((deviation) => `${small(of(deviation))} ${deviation.unit}`).join(' and ');
}
