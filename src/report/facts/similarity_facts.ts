import type { Calibration } from '../../caching/calibration.js';
import { stepSimilarity } from '../../caching/step_similarity.js';
import type { SimilarityFacts } from './report_facts.js';

/** More steps than this are shown as averages of neighbours: a picture has no more pixels to show. */
const MOST_STEPS = 128;
const DIGITS = 1e4;

/** Cosine similarity of every block's features at all pairs of denoising steps, rounded to four digits. */
export function similarityFacts({
  blocks,
  steps,
}: Pick<Calibration, 'blocks' | 'steps'>): SimilarityFacts[] {
  const group = Math.ceil(steps / MOST_STEPS);
  const size = Math.ceil(steps / group);
  return blocks.map(({ block, statistics }) => {
    const similarity = stepSimilarity(statistics, 'cosine');
    const mean = (a: number, b: number): number => {
      let [sum, count] = [0, 0];
      for (let i = a * group; i < Math.min(steps, (a + 1) * group); i++) {
        for (let j = b * group; j < Math.min(steps, (b + 1) * group); j++) {
          sum += similarity.values[i * steps + j]!;
          count++;
        }
      }
      return Math.round((sum / count) * DIGITS) / DIGITS;
    };
    const places = Array.from({ length: size }, (_, i) => i);
    return {
      layer: block.layer,
      kind: block.kind,
      cosine: places.map((a) => places.map((b) => mean(a, b))),
    };
  });
}
