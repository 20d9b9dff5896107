import { z } from 'zod';
import { BadInput } from '../errors.js';
import { parseWith } from '../policy/manifest.js';
import { floatTensor, type Tensor, type TensorFile } from '../policy/safetensors.js';
import { blockName, blocksOf, type Block } from './blocks.js';
import type { BlockStatistics } from './feature_statistics.js';
import type { PlanTarget } from './make_plan.js';
import { blockError } from './step_similarity.js';
import type { EpisodeThumbnails } from '../control/picture_reference.js';
import { decodePictures, pictureTensors } from './calibration_pictures.js';
import type { Trajectories } from './trajectories.js';

/** The `format` of every calibration file this version reads and writes. */
export const CALIBRATION_FORMAT = 'bac_policy/calibration@1';

const AGAIN = 'make the calibration again with bac-policy calibrate';

const about = z.strictObject({
  format: z.literal(CALIBRATION_FORMAT),
  /** Digest of the `policy.json` whose features were recorded. */
  policy_sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal'),
  /** L. */
  layers: z.coerce.number().int().positive().max(256),
  /** K. */
  steps: z.coerce.number().int().positive().max(100_000),
  solver: z.enum(['ddpm', 'ddim']),
  /** N, samples whose features were recorded. */
  samples: z.coerce.number().int().positive(),
  /** Values of a feature at one step, all samples together: N * T * E. */
  values: z.coerce.number().int().positive(),
  /** Seed of the noise, used where the source holds none. */
  seed: z.coerce.number().int(),
  /** Where the observations came from: JSON list of `{name, sha256}`. */
  sources: z.string(),
});

const sources = z.array(z.strictObject({ name: z.string(), sha256: z.string() }));

/** Where calibration observations came from. */
export type CalibrationSource = z.infer<typeof sources>[number];

/** What planning knows about a policy: statistics of every block's features over all denoising steps. */
export interface Calibration {
  readonly policySha256: string;
  /** K. */
  readonly steps: number;
  readonly solver: 'ddpm' | 'ddim';
  /** N. */
  readonly samples: number;
  readonly seed: number;
  readonly sources: readonly CalibrationSource[];
  /** Dense runs, which search needs; absent in files of versions before it. */
  readonly trajectories?: Trajectories;
  /** By the name of its input what each camera showed; absent where observations held no pictures. */
  readonly pictures?: ReadonlyMap<string, EpisodeThumbnails>;
  /** Every block of the policy, in canonical order. */
  readonly blocks: readonly { readonly block: Block; readonly statistics: BlockStatistics }[];
}

/**
 * A calibration as the contents of a safetensors file. Per block, `<layer>.<kind>` for NAME, in float64:
 * `absolute_difference.NAME` (K, K) = sum |O_a - O_b|, `squared_difference.NAME` (K, K) = sum (O_a - O_b)^2,
 * `squared_norm.NAME` (K) = sum O_a^2, sums over all samples, tokens and channels. Every metric and the block
 * error follow from these. The dense runs that search needs: `trajectory.condition` (N, To Dc),
 * `trajectory.states` (K + 1, N, T A) and `trajectory.clean` (K, N, T A) in float32, `trajectory.episode` (N)
 * and `trajectory.observation` (N). What cameras showed, for the drift monitor: see {@link pictureTensors}. The
 * rest is string metadata.
 */
export function encodeCalibration(calibration: Calibration): {
  tensors: [string, Tensor][];
  metadata: Record<string, string>;
} {
  const { steps: k, blocks } = calibration;
  const f64 = (shape: number[], data: Float64Array): Tensor => ({ dtype: 'F64', shape, data });
  const sums = blocks.flatMap(({ block, statistics }): [string, Tensor][] => [
    [`absolute_difference.${blockName(block)}`, f64([k, k], statistics.absoluteDifference)],
    [`squared_difference.${blockName(block)}`, f64([k, k], statistics.squaredDifference)],
    [`squared_norm.${blockName(block)}`, f64([k], statistics.squaredNorm)],
  ]);
  return {
    tensors: [
      ...sums,
      ...trajectoryTensors(calibration.trajectories),
      ...pictureTensors(calibration.pictures),
    ],
    metadata: {
      format: CALIBRATION_FORMAT,
      policy_sha256: calibration.policySha256,
      layers: String(blocks.length / 3),
      steps: String(k),
      solver: calibration.solver,
      samples: String(calibration.samples),
      values: String(blocks[0]!.statistics.values),
      seed: String(calibration.seed),
      sources: JSON.stringify(calibration.sources),
    },
  };
}

/**
 * Checks the contents of a calibration file.
 * @throws BadInput naming the field or tensor that is wrong; a block without features is an error
 */
export function decodeCalibration(file: TensorFile, where: string): Calibration {
  const head = parseWith(about, file.metadata, where, AGAIN);
  const { steps } = head;
  const get = (name: string, shape: number[]): Float64Array => {
    const tensor = file.tensors.get(name);
    if (tensor?.dtype !== 'F64' || tensor.shape.join() !== shape.join()) {
      throw new BadInput(`has no tensor '${name}' [${shape.join(', ')}] of F64`, where, AGAIN);
    }
    const data = tensor.data as Float64Array;
    if (!data.every((value) => value >= 0 && value < Infinity)) {
      throw new BadInput(`tensor '${name}' holds values that no sum of sizes has`, where, AGAIN);
    }
    return data;
  };
  const trajectories = decodeTrajectories(file, steps, where);
  const pictures = decodePictures(file, where);
  return {
    ...(trajectories && { trajectories }),
    ...(pictures && { pictures }),
    policySha256: head.policy_sha256,
    steps,
    solver: head.solver,
    samples: head.samples,
    seed: head.seed,
    sources: parseWith(sources, parseJson(head.sources), where, AGAIN),
    blocks: blocksOf(head.layers).map((block) => ({
      block,
      statistics: {
        steps,
        values: head.values,
        absoluteDifference: get(`absolute_difference.${blockName(block)}`, [steps, steps]),
        squaredDifference: get(`squared_difference.${blockName(block)}`, [steps, steps]),
        squaredNorm: get(`squared_norm.${blockName(block)}`, [steps]),
      },
    })),
  };
}

function trajectoryTensors(trajectories: Trajectories | undefined): [string, Tensor][] {
  if (!trajectories) return [];
  const { samples: n, condition, states, clean, episodes, observations } = trajectories;
  const floats = (parts: readonly Float32Array[], shape: number[]): Tensor => {
    const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.forEach((part, i) => whole.set(part, i * part.length));
    return floatTensor(shape, whole);
  };
  const size = states[0]!.length / n;
  return [
    ['trajectory.condition', floats([condition], [n, condition.length / n])],
    ['trajectory.states', floats(states, [states.length, n, size])],
    ['trajectory.clean', floats(clean, [clean.length, n, size])],
    ['trajectory.episode', { dtype: 'I32', shape: [n], data: episodes }],
    ['trajectory.observation', { dtype: 'I32', shape: [n], data: observations }],
  ];
}

function decodeTrajectories(
  { tensors }: TensorFile,
  steps: number,
  where: string,
): Trajectories | undefined {
  const samples = tensors.get('trajectory.condition')?.shape[0];
  if (!samples) return undefined;
  const size = tensors.get('trajectory.states')?.shape[2] ?? 0;
  const get = (part: string, dtype: Tensor['dtype'], shape: readonly number[]): Tensor['data'] => {
    const tensor = tensors.get(`trajectory.${part}`);
    if (tensor?.dtype !== dtype || tensor.shape.join() !== shape.join()) {
      const expected = `'trajectory.${part}' [${shape.join(', ')}] of ${dtype}`;
      throw new BadInput(`has no tensor ${expected}`, where, AGAIN);
    }
    const finite = tensor.data.every((value: number | bigint) => Number.isFinite(Number(value)));
    if (!finite) {
      throw new BadInput(`tensor 'trajectory.${part}' holds no finite numbers`, where, AGAIN);
    }
    return tensor.data;
  };
  const perStep = (part: string, count: number): Float32Array[] => {
    const whole = get(part, 'F32', [count, samples, size]) as Float32Array;
    const each = samples * size;
    return Array.from({ length: count }, (_, k) => whole.subarray(k * each, (k + 1) * each));
  };
  const width = tensors.get('trajectory.condition')!.shape[1]!;
  return {
    samples,
    condition: get('condition', 'F32', [samples, width]) as Float32Array,
    states: perStep('states', steps + 1),
    clean: perStep('clean', steps),
    episodes: get('episode', 'I32', [samples]) as Int32Array,
    observations: get('observation', 'I32', [samples]) as Int32Array,
  };
}

/** The value of a JSON text, undefined where it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws BadInput when the calibration was made with another policy */
export function checkCalibrationFits(
  calibration: Calibration,
  target: PlanTarget,
  where: string,
): void {
  const { policySha256, steps, blocks } = calibration;
  const refuse = (what: string): never => {
    throw new BadInput(what, where, 'calibrate this policy with bac-policy calibrate');
  };
  if (policySha256 !== target.policySha256) {
    refuse(
      `is a calibration of another policy (${policySha256.slice(0, 12)}, this one is ${target.policySha256.slice(0, 12)})`,
    );
  }
  if (steps !== target.steps || blocks.length !== blocksOf(target.layers).length) {
    refuse(
      `holds ${blocks.length} blocks and ${steps} steps, which is not the policy's ${target.layers} layers and ${target.steps} steps`,
    );
  }
}

/** What a plan says about the calibration it came from. */
export function measuredBy(calibration: Calibration): Record<string, unknown> {
  return {
    calibration: {
      samples: calibration.samples,
      seed: calibration.seed,
      sources: calibration.sources,
    },
    block_errors: Object.fromEntries(
      calibration.blocks.map(({ block, statistics }) => [blockName(block), blockError(statistics)]),
    ),
  };
}
