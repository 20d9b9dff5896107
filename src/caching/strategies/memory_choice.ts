import type { RunOnCalibration } from '../methods/run_on_calibration.js';

/**
 * Chooses the memory tokens that are kept after the first steps, as Sparse-dLLM does (arXiv 2508.02558): those
 * that were looked at most until then, over all layers. The time token, which says where in the denoising the
 * network is, stays.
 * @param keep how many, the time token included
 * @param fromStep the first step without the others
 * @returns ascending, the first 0
 */
export async function chooseMemory(
  calibration: RunOnCalibration,
  keep: number,
  fromStep: number,
): Promise<number[]> {
  let mass = new Float64Array();
  await calibration.run(undefined, {
    onBlock: ({ step, attention, samples }) => {
      if (!attention || step >= fromStep) return;
      const tokens = attention.length / samples;
      if (mass.length === 0) mass = new Float64Array(tokens);
      for (let i = 0; i < attention.length; i++) mass[i % tokens]! += attention[i]!;
    },
  });
  const observations = [...mass.keys()].slice(1).sort((a, b) => mass[b]! - mass[a]!);
  return [0, ...observations.slice(0, keep - 1)].sort((a, b) => a - b);
}
