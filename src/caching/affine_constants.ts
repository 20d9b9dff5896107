import { BadInput } from '../errors.js';
import type { Architecture } from '../policy/manifest.js';
import { roundedToHalves } from '../policy/half_precision.js';
import type { PlanConstants } from '../policy/plan_file.js';
import { floatTensor, type Tensor } from '../policy/safetensors.js';
import type { DenoisingStep } from '../policy/noise_schedule.js';
import type { AffineRun, PreviousEvaluation } from './affine_run.js';
import { packCausal, packedSize, unpackCausal } from './causal_packing.js';
import { askedAt, type LookAhead } from './look_ahead.js';

/** What the matrices of the noise are called where only what a causal policy needs of them is stored. */
const PACKED = 'noise_causal';

/**
 * The affine runs of a plan out of its constants, `affine.BEGIN.NAME`.
 * @param evaluations steps at which the network is evaluated, ascending, the first 0
 * @param steps of the plan's solver
 * @throws BadInput naming the constant that is missing or of the wrong shape
 */
export function affineRuns(
  evaluations: readonly number[],
  steps: readonly DenoisingStep[],
  a: Pick<Architecture, 'horizon' | 'action_dim' | 'n_obs_steps' | 'condition_dim'>,
  constants: PlanConstants,
  where: string,
): AffineRun[] {
  const size = a.horizon * a.action_dim;
  const conditionSize = a.n_obs_steps * a.condition_dim;
  return evaluations.map((begin, i) => {
    const end = evaluations[i + 1] ?? steps.length;
    const name = (part: string): string => `affine.${begin}.${part}`;
    const get = (part: string, shape: readonly number[]): Float32Array => {
      const tensor = constants.get(name(part));
      if (tensor?.dtype !== 'F32' || tensor.shape.join() !== shape.join()) {
        const found = tensor ? `${tensor.dtype} [${tensor.shape.join(', ')}]` : 'missing';
        throw new BadInput(
          `constant '${name(part)}' must be F32 [${shape.join(', ')}], it is ${found}`,
          where,
          'make the plan again with bac-policy plan',
        );
      }
      const data = tensor.data as Float32Array;
      if (!data.every(Number.isFinite)) {
        throw new BadInput(
          `constant '${name(part)}' holds numbers that are not finite`,
          where,
          'make the plan again with bac-policy plan',
        );
      }
      return data;
    };
    const isPacked = constants.has(name(PACKED));
    const kept = Math.min(
      constants.get(name(isPacked ? PACKED : 'noise'))?.shape[0] ?? 0,
      end - begin,
    );
    const noise = (): Float32Array =>
      isPacked
        ? unpackCausal(
            get(PACKED, [kept, packedSize(a.horizon, a.action_dim)]),
            a.horizon,
            a.action_dim,
          )
        : get('noise', [kept, size, size]);
    const square = [size, size];
    const lookAhead = (): LookAhead => {
      const weights = get('look_ahead', [end - begin]);
      return { weights, asked: get('asked', square), ...askedAt(steps, begin, weights) };
    };
    const previous = (): PreviousEvaluation => {
      if (i === 0) {
        throw new BadInput(
          `constant '${name('previous_state')}' is of an evaluation before the first`,
          where,
          'make the plan again with bac-policy plan',
        );
      }
      return {
        state: get('previous_state', square),
        clean: get('previous_clean', square),
        ...(constants.has(name('previous_asked')) && { asked: get('previous_asked', square) }),
      };
    };
    return {
      begin,
      end,
      state: get('state', square),
      clean: get('clean', square),
      condition: get('condition', [conditionSize, size]),
      offset: get('offset', [size]),
      noise: noise(),
      ...(constants.has(name('look_ahead')) && { lookAhead: lookAhead() }),
      ...(constants.has(name('previous_state')) && { previous: previous() }),
    };
  });
}

/**
 * The constants that {@link affineRuns} reads. The matrices of the noise, which are nearly all of the file, are rounded
 * to half precision, in which `writePlan` then stores them: here, so that a plan is measured as it will be written.
 * @param horizon of a causal policy, T: matrices by which no token depends on a later one are stored without the rest
 */
export function affineConstants(runs: readonly AffineRun[], horizon?: number): Map<string, Tensor> {
  const constants = new Map<string, Tensor>();
  for (const run of runs) {
    const size = run.offset.length;
    const put = (part: string, data: Float32Array, shape: readonly number[]): void => {
      constants.set(`affine.${run.begin}.${part}`, floatTensor(shape, data));
    };
    put('state', run.state, [size, size]);
    put('clean', run.clean, [size, size]);
    put('condition', run.condition, [run.condition.length / size, size]);
    put('offset', run.offset, [size]);
    const noise = roundedToHalves(run.noise);
    const kept = noise.length / size / size;
    const packed = horizon === undefined ? undefined : packCausal(noise, horizon, size / horizon);
    if (packed) put(PACKED, packed, [kept, packed.length / kept]);
    else put('noise', noise, [kept, size, size]);
    if (run.lookAhead) {
      put('look_ahead', run.lookAhead.weights, [run.end - run.begin]);
      put('asked', run.lookAhead.asked, [size, size]);
    }
    if (run.previous) {
      put('previous_state', run.previous.state, [size, size]);
      put('previous_clean', run.previous.clean, [size, size]);
      if (run.previous.asked) put('previous_asked', run.previous.asked, [size, size]);
    }
  }
  return constants;
}
