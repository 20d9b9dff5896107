import type { RunOnCalibration } from '../methods/run_on_calibration.js';

/**
 * Chooses the tokens of every update after TokenCache (arXiv 2409.18523): those whose feature has moved furthest
 * since it was computed last, so that none is left behind for long. Instead of its trained predictor the
 * features of dense runs say so.
 * @param updates per block in canonical order its update steps
 * @param tokens T
 * @param share of the tokens that an update computes, in (0, 1]; at least one token
 * @returns per block and update the tokens, ascending; null = all, always for the first update
 */
export async function chooseTokens(
  calibration: RunOnCalibration,
  updates: readonly (readonly number[])[],
  tokens: number,
  share: number,
): Promise<(number[] | null)[][]> {
  const wanted = Math.max(1, Math.round(share * tokens));
  if (wanted >= tokens) return updates.map((steps) => steps.map(() => null));
  const moved = await distances(calibration, updates, tokens);
  return updates.map((steps, block) => {
    /** Per token, which update computed it last. */
    const latest = new Array<number>(tokens).fill(0);
    return steps.map((_, update) => {
      if (update === 0) return null;
      const chosen = latest
        .map((from, token) => ({ token, distance: moved[block]!(from, update, token) }))
        .sort((a, b) => b.distance - a.distance)
        .slice(0, wanted)
        .map(({ token }) => token)
        .sort((a, b) => a - b);
      for (const token of chosen) latest[token] = update;
      return chosen;
    });
  });
}

/** How far a token's feature moves from one update to a later one, squared, all samples together. */
type Distance = (from: number, to: number, token: number) => number;

async function distances(
  calibration: RunOnCalibration,
  updates: readonly (readonly number[])[],
  tokens: number,
): Promise<Distance[]> {
  const sums = updates.map((steps) => new Float64Array(steps.length ** 2 * tokens));
  /** Per block the features at the updates so far, of the batch that runs. */
  const features = updates.map((): Float32Array[] => []);
  await calibration.run(undefined, {
    onBlock: ({ step, block, branch, samples }) => {
      const update = updates[block]!.indexOf(step);
      if (update < 0) return;
      const known = features[block]!;
      known[update] = branch.slice();
      const width = branch.length / samples / tokens;
      for (let from = 0; from < update; from++) {
        const before = known[from]!;
        const at = (from * updates[block]!.length + update) * tokens;
        for (let i = 0; i < branch.length; i++) {
          const token = Math.floor(i / width) % tokens;
          sums[block]![at + token]! += (branch[i]! - before[i]!) ** 2;
        }
      }
    },
  });
  return sums.map(
    (sum, block) => (from, to, token) =>
      sum[(from * updates[block]!.length + to) * tokens + token]!,
  );
}
