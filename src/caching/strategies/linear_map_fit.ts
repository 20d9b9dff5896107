import { floatTensor, type Tensor } from '../../policy/safetensors.js';
import { blockName, blocksOf } from '../blocks.js';
import type { RunOnCalibration } from '../methods/run_on_calibration.js';
import { RidgeRegression } from '../ridge_regression.js';

/** Ridge strength, relative to the mean square of the inputs. */
const STRENGTH = 1e-3;
/** Rows (tokens) per unknown of a map that are enough; more only take time. */
const ROWS_PER_INPUT = 16;
/** Fractional part of the golden ratio: its multiples modulo 1 fall everywhere, and never into step with anything. */
const GOLDEN = 0.6180339887498949;

/** Shapes that a fit needs. */
export interface FitShape {
  /** L. */
  readonly layers: number;
  /** T. */
  readonly horizon: number;
  /** E. */
  readonly embedding: number;
  /** K. */
  readonly steps: number;
}

/** What {@link fitLinearMaps} finds. */
export interface LinearMapFit {
  /** `linear.LAYER.KIND.weight` and `.bias` of all blocks. */
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Per block the mean square of its input's elements. */
  readonly meanSquares: readonly number[];
}

/**
 * Fits FastCache's learned maps (arXiv 2505.20353): per block, its output as an affine map of its input, one for
 * all tokens and steps, by ridge regression on dense runs; no gradients.
 */
export async function fitLinearMaps(
  calibration: RunOnCalibration,
  shape: FitShape,
): Promise<LinearMapFit> {
  const { embedding, horizon, steps } = shape;
  const blocks = blocksOf(shape.layers);
  const fits = blocks.map(() => new RidgeRegression(embedding, embedding));
  const squares = new Float64Array(blocks.length);
  const available = steps * calibration.samples * horizon;
  // Rows of a step look much alike: take few of each, from all steps, samples and tokens.
  const share = (ROWS_PER_INPUT * embedding) / available;
  const seen = new Float64Array(blocks.length);
  await calibration.run(undefined, {
    onBlock: ({ block, stream, branch }) => {
      for (let row = 0; row < stream.length; row += embedding) {
        if ((seen[block]!++ * GOLDEN) % 1 >= share) continue;
        const x = stream.subarray(row, row + embedding);
        fits[block]!.add(x, branch.subarray(row, row + embedding));
        for (const value of x) squares[block]! += value ** 2;
      }
    },
  });
  const constants = new Map<string, Tensor>();
  for (const [i, block] of blocks.entries()) {
    const { weight, bias } = fits[i]!.solve(STRENGTH);
    const name = `linear.${blockName(block)}`;
    constants.set(`${name}.weight`, floatTensor([embedding, embedding], weight));
    constants.set(`${name}.bias`, floatTensor([embedding], bias));
  }
  const meanSquares = [...squares].map((sum, i) => sum / fits[i]!.rows / embedding);
  return { constants, meanSquares };
}
