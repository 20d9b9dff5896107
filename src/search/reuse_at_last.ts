import type { Found } from './find_candidates.js';
import type { PlanSearch } from './plan_search.js';

/**
 * Leaves blocks out of the last evaluation, one after the other, each time the one that is missed least.
 * @param found has two evaluations or more
 * @param blocks that may be left out, in canonical order
 * @param count how many have to
 * @param stopped true takes the first that comes
 */
export async function reuseAtLast(
  search: Pick<PlanSearch, 'carryOut'>,
  found: Found,
  blocks: readonly number[],
  count: number,
  stopped: () => boolean,
): Promise<Found> {
  let best = found;
  for (let missing = count - found.reused.length; missing > 0; missing--) {
    let next: Found | undefined;
    for (const block of blocks) {
      if (best.reused.includes(block)) continue;
      if (next && stopped()) break;
      const { evaluations } = best;
      const reused = [...best.reused, block].sort((a, b) => a - b);
      const { error, heldOut } = await search.carryOut({ evaluations, reused });
      if (!next || error < next.error) next = { evaluations, reused, error, heldOut };
    }
    if (!next) throw new RangeError(`${count} blocks of ${blocks.length} cannot be left out`);
    best = next;
  }
  return best;
}
