import type { DenoisingProgram } from '../caching/denoising_program.js';
import { BLOCK_KINDS, blockName, blocksOf } from '../caching/blocks.js';
import type { Architecture } from '../policy/manifest.js';

/** What {@link programWork} counts, in this order. */
export const WORK = [
  'chunk',
  'evaluations',
  ...BLOCK_KINDS,
  'evaluations.int8',
  ...BLOCK_KINDS.map((kind) => `${kind}.int8`),
  'steps.single',
  'runs.single',
  'multiply_adds.affine',
] as const;

/**
 * How often a program does what takes time: once a chunk, per evaluation of the network, per block of each kind
 * and numerics, per denoising step by itself and run of such steps, and the multiply-adds of affine runs.
 * @returns (WORK.length)
 */
export function programWork(program: DenoisingProgram, { layers }: Architecture): number[] {
  const { blocks, evaluations, steps, affine = [], numerics } = program;
  const isInt8 = (block: number): boolean =>
    numerics.kind === 'int8' &&
    (numerics.blocks?.includes(blockName(blocksOf(layers)[block]!)) ?? true);
  const work = new Map<string, number>();
  const add = (what: string, count: number): void => {
    work.set(what, (work.get(what) ?? 0) + count);
  };
  add('chunk', 1);
  add(numerics.kind === 'int8' ? 'evaluations.int8' : 'evaluations', evaluations.length);
  for (const [block, { kind }] of blocksOf(layers).entries()) {
    add(isInt8(block) ? `${kind}.int8` : kind, blocks[block]!.updates.length);
  }
  if (affine.length === 0) {
    const ends = [...evaluations.slice(1), steps.length];
    const lengths = evaluations.map((begin, i) => ends[i]! - begin - 1);
    add(
      'steps.single',
      lengths.reduce((sum, length) => sum + length, 0),
    );
    add('runs.single', lengths.filter((length) => length > 0).length);
  }
  for (const run of affine) {
    const matrices = [run.state, run.clean, run.condition, run.noise];
    if (run.previousState && run.previousClean) matrices.push(run.previousState, run.previousClean);
    add(
      'multiply_adds.affine',
      matrices.reduce((sum, { length }) => sum + length, 0),
    );
  }
  return WORK.map((what) => work.get(what) ?? 0);
}
