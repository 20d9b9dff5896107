import { parsePlan, checkPlanFits, type Plan } from '../caching/plan.js';
import { BadInput } from '../errors.js';
import { readChecked, sha256, writeAtomically } from '../files.js';
import type { PolicyPackage } from './policy_package.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from './safetensors.js';

/** Plans above this size are refused; the dense plan of 8 layers and 100 steps has 11 KB. */
const MAX_PLAN_BYTES = 16 * 1024 * 1024;
/** Constants above this size are refused; an affine correction of 100 steps has 2 MB. */
const MAX_CONSTANTS_BYTES = 1024 ** 3;

/** Constants of predictors and corrections, by name. */
export type PlanConstants = ReadonlyMap<string, Tensor>;

/** A plan that was read from a file. */
export interface PlanFile {
  readonly plan: Plan;
  /** Digest of the plan's bytes, which hold that of its constants: what identifies a plan. */
  readonly sha256: string;
  readonly constants: PlanConstants;
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
  const plan = parsePlan(json, path);
  return { plan, sha256: sha256(bytes), constants: await readConstants(plan, path) };
}

/** Where the constants of a plan lie: `PLAN.safetensors` for `PLAN.json`. */
export function constantsPath(path: string): string {
  return `${path.replace(/\.json$/, '')}.safetensors`;
}

async function readConstants({ constants }: Plan, path: string): Promise<PlanConstants> {
  if (!constants) return new Map();
  const file = constantsPath(path);
  const bytes = await readChecked(file, MAX_CONSTANTS_BYTES);
  if (sha256(bytes) !== constants.sha256) {
    throw new BadInput(
      `is not the file of constants that ${path} was written with`,
      file,
      'keep a plan and its .safetensors together, or make the plan again',
    );
  }
  return decodeSafetensors(bytes, file).tensors;
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
  return file;
}

/**
 * Writes a plan as JSON with one line per block, and its constants beside it.
 * @returns the plan as it was written, with the digest of its constants
 */
export async function writePlan(
  path: string,
  plan: Plan,
  constants: PlanConstants = new Map(),
): Promise<PlanFile> {
  let whole = plan;
  if (constants.size > 0) {
    const bytes = encodeSafetensors(constants, {}, { halvesWhereExact: true });
    // First: a plan must never stand without its constants.
    await writeAtomically(constantsPath(path), bytes);
    whole = { ...plan, constants: { sha256: sha256(bytes), bytes: bytes.length } };
  }
  const text = formatPlan(whole);
  await writeAtomically(path, text);
  return { plan: whole, sha256: sha256(Buffer.from(text)), constants };
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
