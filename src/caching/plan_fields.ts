import { z } from 'zod';

/** A SHA-256 digest. */
export const digestField = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal');

const blockNameField = z
  .string()
  .regex(/^\d{1,3}\.(self_attention|cross_attention|feed_forward)$/, 'must be LAYER.KIND');

/** Solvers of the reverse diffusion, over the noise schedule that the policy was trained with. */
export const SOLVERS = ['ddpm', 'ddim', 'dpm-solver++'] as const;

/** Name of a solver. */
export type SolverKind = (typeof SOLVERS)[number];

/**
 * The solver of a plan: `ddpm` (arXiv 2006.11239), `ddim` (arXiv 2010.02502, eta 0), `dpm-solver++` (arXiv
 * 2211.01095, second-order multistep, data prediction). It takes as many steps as the plan has.
 */
export const solverField = z.strictObject({ kind: z.enum(SOLVERS) });

/**
 * What a step without an update adds for a block: `reuse` the stored branch output; `adams-bashforth`
 * (AB-Cache, arXiv 2504.10540) and `taylor` (TaylorSeer, arXiv 2503.06923) extrapolate from the last updates,
 * `order` differences of them; `linear` (FastCache, arXiv 2505.20353) a learned map of the block's input,
 * constants `linear.LAYER.KIND.weight` (E, E) and `.bias` (E).
 */
export const predictField = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('reuse') }),
  z.strictObject({ kind: z.literal('adams-bashforth') }),
  z.strictObject({ kind: z.literal('taylor'), order: z.int().min(1).max(3) }),
  z.strictObject({ kind: z.literal('linear') }),
]);

/** How the branches of a plan are predicted between updates. */
export type Predict = z.infer<typeof predictField>;

/** Per update, the action tokens that are computed anew (TokenCache, arXiv 2409.18523); null = all. */
export const tokensField = z.array(z.array(z.int().nonnegative()).min(1).nullable());

/**
 * In which numbers the blocks are computed: `fp32`, or `int8` weights per output channel with inputs quantised
 * as they come, for the `blocks` named (absent = all). What depends on the timestep alone stays a constant in
 * full precision.
 */
export const numericsField = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fp32') }),
  z.strictObject({ kind: z.literal('int8'), blocks: z.array(blockNameField).min(1).optional() }),
]);

/** In which numbers a plan computes. */
export type Numerics = z.infer<typeof numericsField>;

/**
 * - `affine`: from one evaluation of the network (a step at which any block updates) to the next, the whole run
 *   of denoising steps is one affine map, fitted on calibration data. See `AffineRun`. Constants
 *   `affine.BEGIN.state`, `.clean`, `.condition`, `.offset`, `.noise`, optionally `.look_ahead` and
 *   `.asked`, BEGIN the step of the evaluation.
 * - `noise-scale`: the network's output is multiplied by a factor per step (EB-Cache), which gives a cached
 *   trajectory the dense one's ratio of signal to noise.
 */
export const correctionField = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('affine') }),
  z.strictObject({
    kind: z.literal('noise-scale'),
    factors: z.array(z.number().positive()).min(1),
  }),
]);

/** Eviction of condition tokens (Sparse-dLLM, arXiv 2508.02558): from `from_step` on only `keep` are seen. */
export const memoryField = z.strictObject({
  kind: z.literal('evict'),
  from_step: z.int().nonnegative(),
  /** Indices of memory tokens: 0 is the time token, 1..To the observations, oldest first. */
  keep: z.array(z.int().nonnegative()).min(1),
});

/**
 * Rules that decide while denoising, or whether there is any, one kind a paper:
 * - `teacache` (TeaCache, arXiv 2411.19108): all blocks are computed when the accumulated relative change of the
 *   first block's input exceeds `threshold`;
 * - `sortblock` (Sortblock): at every step the `share` of blocks whose residual changed most is computed;
 * - `fastcache` (FastCache, arXiv 2505.20353): a block is computed when a chi-square test at `significance` says
 *   that its input changed;
 * - `chunk-reuse` (approximate-key caching, arXiv 2112.06671): a whole chunk is given again, see `ChunkReuse`.
 */
export const decisionField = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('teacache'),
    threshold: z.number().positive(),
    /** Polynomial, lowest order first, from the relative change of the input to that of the output. */
    coefficients: z.array(z.number()).min(1).max(8).optional(),
  }),
  z.strictObject({
    kind: z.literal('sortblock'),
    share: z.number().positive().max(1),
    /** Every so many steps all blocks are computed. */
    interval: z.int().positive(),
  }),
  z.strictObject({ kind: z.literal('fastcache'), significance: z.number().gt(0).lt(1) }),
  z.strictObject({
    kind: z.literal('chunk-reuse'),
    /** RMS difference of two conditions (normalised) up to which a chunk is given again. */
    distance: z.number().nonnegative(),
    /** RMSE of the actions of two chunks up to which a check agrees, physical units. */
    tolerance: z.number().positive(),
    /** Times in a row, at most. */
    longest: z.int().positive(),
  }),
]);

/** A rule that decides while denoising. */
export type Decision = z.infer<typeof decisionField>;
