import { ms, small } from './format_number.js';
import type { ReplayFacts } from './replay_facts.js';

/** What a comparison has shown, in plain sentences with its numbers. */
export function replayWords(facts: ReplayFacts): string[] {
  const { dense, cached } = facts;
  const share = (100 * facts.blockUpdates) / facts.allBlockUpdates;
  const threads = `${dense.threads} thread${dense.threads === 1 ? '' : 's'}`;
  const [angle, ...others] = facts.units;
  return [
    `The policy made ${facts.chunks} chunks of ${facts.actionsPerChunk} actions from ${facts.episodes} recorded ` +
      `episodes, each in ${facts.steps} denoising steps: once dense (every block computed at every step) and once ` +
      `with the plan ${facts.planName}, from the same noise.`,
    `The plan computes ${facts.blockUpdates} of ${facts.allBlockUpdates} blocks (${share.toFixed(1)} %) and takes ` +
      `the others from the cache: ${(100 * cached.cost).toFixed(1)} % of the multiply-adds.`,
    `A chunk takes ${ms(cached.median_ms)} instead of ${ms(dense.median_ms)} (median, ${threads}): ` +
      `${(dense.median_ms / cached.median_ms).toFixed(1)} times faster than dense on the same engine.`,
    `The cached joint targets are ${small(angle!.cachedRms)} ${angle!.unit} from the dense ones (root mean square; ` +
      `at most ${small(angle!.cachedMax)})` +
      others
        .map(
          (unit) =>
            `, ${unit.name} ${small(unit.cachedRms)} ${unit.unit} (${small(unit.cachedMax)})`,
        )
        .join('') +
      `. Dense runs from different noise are ${small(angle!.otherNoiseRms)} ${angle!.unit} apart: so much the ` +
      'policy itself leaves open.',
  ];
}
