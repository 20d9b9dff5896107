import { z } from 'zod';
import { parseWith } from '../policy/manifest.js';
import { errorStatisticsField } from './error_statistics.js';
import { noiseSpreadField } from './noise_spread.js';
import type { Plan } from './plan.js';
import { digestField } from './plan_fields.js';

/** The `format` of the certificate that this version writes into plans. */
export const CERTIFICATE_FORMAT = 'bac_policy/certificate@1';

const error = z.number().nonnegative();
const time = z.number().nonnegative();
const share = z.number().min(0).max(1);

/** Errors on observations of some episodes. */
const split = z.strictObject({
  /** Their ids, as the vector file says or counted over the bags in their order. */
  episodes: z.array(z.int().nonnegative()).min(1),
  error: errorStatisticsField,
});

/** Root mean square errors of something the plan is compared with. */
const comparison = z.strictObject({ calibration: error, held_out: error.nullable() });

/**
 * What was measured of a plan, `measured` in its file. Errors are of executed actions against the dense policy
 * with the same noise, in physical units.
 */
export const certificateField = z.strictObject({
  format: z.literal(CERTIFICATE_FORMAT),
  /** The episodes that the plan was found and its constants fitted on. */
  calibration: split,
  /** Episodes that it knew nothing of. */
  held_out: split.nullable(),
  /** The policy's own, on the held-out observations where there are some. */
  noise_spread: noiseSpreadField.nullable(),
  /** Errors of the same plan without its correction, whose share this shows; null where it has none. */
  correction: comparison.nullable(),
  /**
   * Errors where chunks go on from another one, as in real-time chunking, against the dense policy with the same rows
   * known; absent in certificates of earlier versions.
   */
  real_time_chunking: comparison.optional(),
  /** Errors of an affine policy that evaluates no network. */
  control: comparison.nullable(),
  /**
   * How often the drift monitor's reference, made of the episodes that were fitted on, takes observations of the
   * held-out episodes for drift: false alarms, if these are as usual. Null where nothing is held out; absent in
   * certificates of earlier versions.
   */
  drift: z
    .strictObject({
      /** Held-out observations, and the share of them beyond what the monitor takes for usual. */
      observations: z.int().positive(),
      beyond: share,
      /** The same of the pictures of each camera, by the name of its input. */
      pictures: z.record(z.string(), z.strictObject({ seen: z.int().positive(), beyond: share })),
    })
    .nullable()
    .optional(),
  /** Multiply-adds of a chunk as a share of the dense policy's. */
  cost: z.number().positive(),
  multiply_adds: z.number().positive(),
  /** Of a chunk by the cost model, ms. */
  predicted_ms: time.nullable(),
  /** Of a chunk on this machine, ms. */
  measured_ms: z.strictObject({ median: time, p90: time, chunks: z.int().positive() }).nullable(),
  /** What the errors were computed with; times are always the compiled engine's. */
  engine: z.enum(['compiled', 'interpreter']),
  provider: z.enum(['cpu', 'cuda']),
  threads: z.int().positive(),
  machine: z.strictObject({ cpu: z.string(), cores: z.int().positive() }),
  versions: z.strictObject({ bac_policy: z.string(), onnxruntime: z.string(), node: z.string() }),
  /** Files that the observations came from. */
  sources: z.array(z.strictObject({ name: z.string(), sha256: digestField })),
  /** Of search and noise. */
  seed: z.int(),
  /** The command that makes this plan again. */
  command: z.string(),
});

/** See {@link certificateField}. */
export type Certificate = z.infer<typeof certificateField>;

/**
 * The certificate of a plan; undefined where it has none, as plans of other makers and older versions, whose
 * `measured` is whatever they noted.
 * @throws BadInput naming the field of a certificate that is wrong
 */
export function certificateOf({ measured }: Plan, where: string): Certificate | undefined {
  if (measured?.['format'] !== CERTIFICATE_FORMAT) return undefined;
  const again = 'make the plan again with bac-policy plan';
  return parseWith(certificateField, measured, `${where}, measured`, again);
}
