import { z } from 'zod';
import { BadInput } from '../errors.js';
import { parseWith, type Architecture } from '../policy/manifest.js';
import { BLOCK_KINDS, blockIndex, blockName, blocksOf } from './blocks.js';
import { METRICS } from './metrics.js';
import { OBJECTIVES } from './adaptive_caching_scheduler.js';
import {
  correctionField,
  decisionField,
  digestField,
  memoryField,
  numericsField,
  predictField,
  solverField,
  tokensField,
} from './plan_fields.js';

/** The `format` of every plan this version reads and writes. */
export const PLAN_FORMAT = 'bac_policy/plan@1';

const AGAIN = 'make the plan again with bac-policy plan';

const index = z.int().nonnegative();

const block = z
  .strictObject({
    layer: index,
    kind: z.enum(BLOCK_KINDS),
    /** Denoising steps (0 is the noisiest) at which the block is computed and stored. */
    updates: z.array(index).min(1),
    /** What a step without an update adds. */
    predict: predictField,
    /** Per update, the tokens that are computed anew (null = all); absent = all at every update. */
    tokens: tokensField.optional(),
  })
  .superRefine(({ updates, tokens }, context) => {
    if (tokens && (tokens.length !== updates.length || tokens[0] !== null)) {
      const message = 'must have one entry per update, the first null (all tokens)';
      context.addIssue({ code: 'custom', path: ['tokens'], message });
    }
    const at = updates.findIndex((step, i) => (i === 0 ? step !== 0 : step <= updates[i - 1]!));
    if (at < 0) return;
    const message = at === 0 ? 'is not 0: nothing is stored before' : 'is not above the one before';
    context.addIssue({ code: 'custom', path: ['updates', at], message });
  });

const plan = z
  .strictObject({
    format: z.literal(PLAN_FORMAT),
    /** Digest of the `policy.json` the plan was made for. */
    policy_sha256: digestField,
    /** K, denoising steps. */
    steps: z.int().positive().max(100_000),
    /** Takes `steps` steps; the policy's own noise scheduler, or another over the same noise schedule. */
    solver: solverField,
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
    numerics: numericsField.default({ kind: 'fp32' }),
    /** What is done to the network's output or the solver's state beside the plain denoising step. */
    correction: correctionField.optional(),
    /** Memory tokens that cross-attention stops to look at. */
    memory: memoryField.optional(),
    /** Decides at run time which blocks are computed, beside `updates`; only the interpreter runs it. */
    decision: decisionField.optional(),
    /** The file of constants beside the plan (PLAN.safetensors for PLAN.json). */
    constants: z.strictObject({ sha256: digestField, bytes: z.int().positive() }).optional(),
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
  if (plan.steps > steps) refuse(`has ${plan.steps} steps, the policy only ${steps}`);
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

/** Steps at which any block is computed, ascending. */
export function evaluationsOf({ blocks }: Pick<Plan, 'blocks'>): number[] {
  return [...new Set(blocks.flatMap(({ updates }) => updates))].sort((a, b) => a - b);
}

/** Block updates of the plan relative to updating every block at every step, in [0, 1]. */
export function updateShare(plan: Plan): number {
  return blockUpdates(plan) / (plan.blocks.length * plan.steps);
}

export function blockUpdates({ blocks }: Plan): number {
  return blocks.reduce((sum, { updates }) => sum + updates.length, 0);
}
