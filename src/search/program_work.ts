import { type DenoisingProgram, isDense } from '../caching/denoising_program.js';
import { BLOCK_KINDS, type BlockKind, blockName, blocksOf } from '../caching/blocks.js';
import type { PolicyManifest } from '../policy/manifest.js';

/** What {@link programWork} counts, in this order. */
export const WORK = [
  'chunk',
  'evaluations',
  ...BLOCK_KINDS,
  'evaluations.int8',
  ...BLOCK_KINDS.map((kind) => `${kind}.int8`),
  'weights.far',
  'weights.far.int8',
  'sums.stored',
  'steps.single',
  'runs.single',
  'runs.affine',
  'multiply_adds.affine',
  'steps.session',
] as const;

/**
 * How often a program does what takes time: once a chunk, per evaluation of the network, per block of each kind
 * and numerics, per MB of weights that have to come from afar (see {@link farWeights}), per sum of stored outputs
 * between blocks, per denoising step by itself and run of such steps, per affine run, the multiply-adds of affine runs,
 * and the steps of the dense policy, which is one graph for each step. What the compiler leaves out does not count.
 * @returns (WORK.length)
 */
export function programWork(program: DenoisingProgram, manifest: PolicyManifest): number[] {
  const { blocks, evaluations, steps, affine = [], numerics } = program;
  const kinds = blocksOf(manifest.architecture.layers);
  const isInt8 = (block: number): boolean =>
    numerics.kind === 'int8' && (numerics.blocks?.includes(blockName(kinds[block]!)) ?? true);
  const weights = farWeights(kinds, isInt8, manifest);
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
      if (computed[block]) {
        const suffix = isInt8(block) ? '.int8' : '';
        add(`${kind}${suffix}`, 1);
        add(`weights.far${suffix}`, weights(block));
      } else if (computed[block - 1] ?? true) add('sums.stored', 1);
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
 * A block whose weights were used a short while ago finds them in a near cache and takes down to a third of the time
 * (docs/performance.md), so it counts what was read since.
 * @returns tells of a block that is computed now how much of its weights is far away, MB: of the first use, or when all
 *   weights of the network were read since, all of it; less by the share that was read
 */
function farWeights(
  kinds: readonly { readonly kind: BlockKind }[],
  isInt8: (block: number) => boolean,
  { architecture: { embedding } }: PolicyManifest,
): (block: number) => number {
  const sizes = kinds.map(
    ({ kind }, block) => (MATRICES[kind] * embedding ** 2 * (isInt8(block) ? 1 : 4)) / 1e6,
  );
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const usedAt = new Map<number, number>();
  let read = 0;
  return (block) => {
    const since = read - (usedAt.get(block) ?? -Infinity);
    usedAt.set(block, read);
    read += sizes[block]!;
    return sizes[block]! * Math.min(1, since / all);
  };
}

/** Weights of a block in squares of the embedding. Those of cross-attention are folded for each chunk, and small. */
const MATRICES: Readonly<Record<BlockKind, number>> = {
  self_attention: 4,
  cross_attention: 0,
  feed_forward: 8,
};

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
