import { z } from 'zod';
import { BadInput } from '../errors.js';
import { parseWith, type Architecture } from '../policy/manifest.js';
import { BLOCK_KINDS, blockIndex, blockName, blocksOf } from './blocks.js';
import { METRICS } from './metrics.js';
import { OBJECTIVES } from './adaptive_caching_scheduler.js';

/** The `format` of every plan this version reads and writes. */
export const PLAN_FORMAT = 'bac_policy/plan@1';

const AGAIN = 'make the plan again with bac-policy plan';

/** A field of which this version knows one value; any other is refused by name. */
const only = <const V extends string>(value: V) =>
  z.literal(value, {
    error: ({ input }) =>
      `${String(JSON.stringify(input)).slice(0, 40)} is not supported by this version, only "${value}" is`,
  });

const index = z.int().nonnegative();

const block = z
  .strictObject({
    layer: index,
    kind: z.enum(BLOCK_KINDS),
    /** Denoising steps (0 is the noisiest) at which the block is computed and stored. */
    updates: z.array(index).min(1),
    /** What a step without an update adds: the stored branch output. */
    predict: z.strictObject({ kind: only('reuse') }),
  })
  .superRefine(({ updates }, context) => {
    const at = updates.findIndex((step, i) => (i === 0 ? step !== 0 : step <= updates[i - 1]!));
    if (at < 0) return;
    const message = at === 0 ? 'is not 0: nothing is stored before' : 'is not above the one before';
    context.addIssue({ code: 'custom', path: ['updates', at], message });
  });

const plan = z
  .strictObject({
    format: z.literal(PLAN_FORMAT),
    /** Digest of the `policy.json` the plan was made for. */
    policy_sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal'),
    /** K, denoising steps. */
    steps: z.int().positive().max(100_000),
    /** The policy's own noise scheduler. */
    solver: z.strictObject({ kind: z.enum(['ddpm', 'ddim']) }),
    /** How the plan was found; for readers, nothing is computed from it. */
    method: z.looseObject({
      name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must fit in a file name'),
      /** S, updates per block before union and final update. */
      updates: z.int().positive().optional(),
      /** n of the Bubbling Union Algorithm. */
      bubbling_blocks: index.optional(),
      metric: z.enum(METRICS).optional(),
      objective: z.enum(OBJECTIVES).optional(),
      final_update: z.boolean().optional(),
    }),
    blocks: z.array(block).min(1),
    numerics: z.strictObject({ kind: only('fp32') }).default({ kind: 'fp32' }),
    correction: z
      .never({ error: 'corrections of the output are not supported by this version' })
      .optional(),
    /** What was measured while making the plan; for readers. */
    measured: z.record(z.string(), z.unknown()).optional(),
  })
  .superRefine(({ blocks, steps }, context) => {
    const seen = new Set<string>();
    for (const [i, entry] of blocks.entries()) {
      const name = blockName(entry);
      if (seen.has(name)) {
        context.addIssue({ code: 'custom', path: ['blocks', i], message: `repeats block ${name}` });
      }
      seen.add(name);
      const last = entry.updates.at(-1) ?? 0;
      if (last >= steps) {
        const message = `holds step ${last}, the steps are 0 to ${steps - 1}`;
        context.addIssue({ code: 'custom', path: ['blocks', i, 'updates'], message });
      }
    }
  });

/** Which block of a policy updates at which denoising step (contract 2, `plan.json`). */
export type Plan = z.infer<typeof plan>;

/**
 * Checks the parsed text of a plan.
 * @throws BadInput naming the first wrong field, also for what this version does not support
 */
export function parsePlan(value: unknown, where: string): Plan {
  return parseWith(plan, value, where, AGAIN);
}

/**
 * Checks that a plan was made for this policy and schedules each of its blocks exactly once.
 * @param policySha256 digest of the package's `policy.json`
 * @param steps K of the policy's noise scheduler
 * @throws BadInput saying what does not fit
 */
export function checkPlanFits(
  plan: Plan,
  policySha256: string,
  architecture: Pick<Architecture, 'layers'>,
  steps: number,
  where: string,
): void {
  const refuse = (what: string): never => {
    throw new BadInput(what, where, 'make a plan for this policy with bac-policy plan');
  };
  if (plan.policy_sha256 !== policySha256) {
    refuse(
      `is a plan for another policy (${plan.policy_sha256.slice(0, 12)}, this one is ${policySha256.slice(0, 12)})`,
    );
  }
  if (plan.steps !== steps) refuse(`has ${plan.steps} steps, the policy ${steps}`);
  const names = new Set(plan.blocks.map(blockName));
  const expected = blocksOf(architecture.layers).map(blockName);
  const missing = expected.find((name) => !names.has(name));
  if (missing) refuse(`has no schedule for block ${missing}`);
  if (names.size > expected.length) {
    refuse(`schedules a layer that the policy's ${architecture.layers} layers do not have`);
  }
}

/** Update steps per block in canonical order, whatever order the plan lists its blocks in. */
export function schedulesOf(plan: Plan): number[][] {
  return [...plan.blocks]
    .sort((a, b) => blockIndex(a) - blockIndex(b))
    .map(({ updates }) => updates);
}

/** Block updates of the plan relative to updating every block at every step, in (0, 1]. */
export function updateShare(plan: Plan): number {
  const updates = plan.blocks.reduce((sum, block) => sum + block.updates.length, 0);
  return updates / (plan.blocks.length * plan.steps);
}
