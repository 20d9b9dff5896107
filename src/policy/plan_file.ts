import { parsePlan, checkPlanFits, type Plan } from '../caching/plan.js';
import { BadInput } from '../errors.js';
import { readChecked, sha256, writeAtomically } from '../files.js';
import type { PolicyPackage } from './policy_package.js';

/** Plans above this size are refused; the dense plan of 8 layers and 100 steps has 11 KB. */
const MAX_PLAN_BYTES = 16 * 1024 * 1024;

/** A plan that was read from a file. */
export interface PlanFile {
  readonly plan: Plan;
  /** Digest of the file's bytes: what identifies a plan. */
  readonly sha256: string;
}

/** Reads and checks a plan, without regard to any policy. @throws BadInput naming the wrong field */
export async function readPlan(path: string): Promise<PlanFile> {
  const bytes = await readChecked(path, MAX_PLAN_BYTES);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new BadInput('is not JSON', path, 'make the plan again with bac-policy plan');
  }
  return { plan: parsePlan(json, path), sha256: sha256(bytes) };
}

/**
 * Reads a plan and checks that it was made for this policy and its noise scheduler.
 * @throws BadInput saying what is wrong or does not fit
 */
export async function readPlanFor(
  path: string,
  { sha256: policySha256, manifest }: Pick<PolicyPackage, 'sha256' | 'manifest'>,
): Promise<PlanFile> {
  const file = await readPlan(path);
  const { architecture, noise_scheduler: scheduler } = manifest;
  checkPlanFits(file.plan, policySha256, architecture, scheduler.steps, path);
  if (file.plan.solver.kind !== scheduler.kind) {
    throw new BadInput(
      `solver ${file.plan.solver.kind} is not the policy's ${scheduler.kind}`,
      path,
      'make a plan for this policy with bac-policy plan',
    );
  }
  return file;
}

/** Writes a plan as JSON with one line per block. */
export async function writePlan(path: string, plan: Plan): Promise<void> {
  await writeAtomically(path, formatPlan(plan));
}

/** JSON text of a plan: one line per field and per block, so that plans can be read and compared. */
export function formatPlan({ blocks, ...rest }: Plan): string {
  const lines = Object.entries({ ...rest, blocks }).map(([key, value]) => {
    const text =
      key === 'blocks'
        ? `[\n${blocks.map((block) => `    ${JSON.stringify(block)}`).join(',\n')}\n  ]`
        : JSON.stringify(value);
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${lines.join(',\n')}\n}\n`;
}
