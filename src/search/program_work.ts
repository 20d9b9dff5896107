import { type DenoisingProgram, isDense } from '../caching/denoising_program.js';
import { BLOCK_KINDS, blockName, blocksOf } from '../caching/blocks.js';
import type { PolicyManifest } from '../policy/manifest.js';

/** What {@link programWork} counts, in this order. */
export const WORK = [
  'chunk',
  'evaluations',
  ...BLOCK_KINDS,
  'evaluations.int8',
  ...BLOCK_KINDS.map((kind) => `${kind}.int8`),
  'sums.stored',
  'steps.single',
  'runs.single',
  'runs.affine',
  'multiply_adds.affine',
  'steps.session',
] as const;

/**
 * How often a program does what takes time: once a chunk, per evaluation of the network, per block of each kind
 * and numerics, per sum of stored outputs between blocks, per denoising step by itself and run of such steps, per affine run, the
 * multiply-adds of affine runs, and the steps of the dense policy, which is one graph for each step. What the
 * compiler leaves out does not count.
 * @returns (WORK.length)
 */
export function programWork(program: DenoisingProgram, manifest: PolicyManifest): number[] {
  const { blocks, evaluations, steps, affine = [], numerics } = program;
  const kinds = blocksOf(manifest.architecture.layers);
  const isInt8 = (block: number): boolean =>
    numerics.kind === 'int8' && (numerics.blocks?.includes(blockName(kinds[block]!)) ?? true);
  const work = new Map<string, number>();
  const add = (what: string, count: number): void => {
    work.set(what, (work.get(what) ?? 0) + count);
  };
  add('chunk', 1);
  for (const [i, step] of evaluations.entries()) {
    const count = blocksNeeded(program, i);
    if (count === 0) continue;
    add(numerics.kind === 'int8' ? 'evaluations.int8' : 'evaluations', 1);
    const computed = blocks.map(({ updates }) => updates.includes(step));
    for (const [block, { kind }] of kinds.slice(0, count).entries()) {
      if (computed[block]) add(isInt8(block) ? `${kind}.int8` : kind, 1);
      else if (computed[block - 1] ?? true) add('sums.stored', 1);
    }
  }
  if (isDense(program, manifest)) add('steps.session', steps.length);
  if (affine.length === 0) {
    const ends = [...evaluations.slice(1), steps.length];
    const lengths = evaluations.map((begin, i) => ends[i]! - begin - 1);
    add(
      'steps.single',
      lengths.reduce((sum, length) => sum + length, 0),
    );
    add('runs.single', lengths.filter((length) => length > 0).length);
  }
  add('runs.affine', affine.length);
  for (const run of affine) {
    const matrices = [run.state, run.condition, run.noise];
    if (isSeen(run.clean)) matrices.push(run.clean);
    if (run.lookAhead) matrices.push(run.lookAhead.asked);
    if (run.previous) matrices.push(...Object.values(run.previous));
    add(
      'multiply_adds.affine',
      matrices.reduce((sum, { length }) => sum + length, 0),
    );
  }
  return WORK.map((what) => work.get(what) ?? 0);
}

/**
 * How many of the blocks, in their order, an evaluation has to go through: all where somebody looks at the
 * clean sample, else those up to the last one whose output the next evaluation takes from the store.
 */
function blocksNeeded({ blocks, evaluations, affine }: DenoisingProgram, i: number): number {
  const run = affine?.[i];
  const after = affine?.[i + 1]?.previous;
  if (!run || isSeen(run.clean) || (after && isSeen(after.clean))) return blocks.length;
  const next = evaluations[i + 1];
  if (next === undefined) return 0;
  const isKept = ({ updates }: (typeof blocks)[number]): boolean =>
    updates.includes(evaluations[i]!) && !updates.includes(next);
  return blocks.findLastIndex(isKept) + 1;
}

function isSeen(matrix: Float32Array): boolean {
  return matrix.some((factor) => factor !== 0);
}
