import { BadInput } from '../../errors.js';
import type { Architecture } from '../../policy/manifest.js';
import type { PlanConstants } from '../../policy/plan_file.js';
import { blockName, blocksOf, type Block } from '../blocks.js';
import type { DenoisingProgram } from '../denoising_program.js';
import { FastCacheStrategy } from './fastcache_strategy.js';
import type { LinearMap } from './linear_map.js';
import { PlanStrategy } from './plan_strategy.js';
import { SortblockStrategy } from './sortblock_strategy.js';
import type { Strategy } from './strategy.js';
import { TeaCacheStrategy } from './teacache_strategy.js';

/** Constant of {@link FastCacheStrategy}: F32 (3L), the variances of the blocks in canonical order. */
export const FASTCACHE_VARIANCE = 'fastcache.variance';

const AGAIN = 'make the plan again with bac-policy plan';

/**
 * What makes the strategy of one run after another; each runs once.
 * @throws BadInput when a constant is missing or of the wrong shape, or fields contradict each other
 */
export function strategyOf(
  program: Pick<DenoisingProgram, 'blocks' | 'decision' | 'constants' | 'affine'>,
  a: Pick<Architecture, 'layers' | 'horizon' | 'embedding'>,
  where = 'plan',
): () => Strategy {
  const { blocks, decision, constants } = program;
  const linear = blocksOf(a.layers).map((block, i) =>
    blocks[i]!.predict.kind === 'linear'
      ? linearMap(constants, block, a.embedding, where)
      : undefined,
  );
  const plan = (): PlanStrategy => new PlanStrategy(blocks, a.horizon, linear);
  if (!decision || decision.kind === 'chunk-reuse') return plan;
  if (program.affine) {
    throw new BadInput(
      'has a decision and an affine correction, of which only one can say when the network is evaluated',
      where,
      AGAIN,
    );
  }
  switch (decision.kind) {
    case 'teacache':
      return () => new TeaCacheStrategy(plan(), decision);
    case 'sortblock':
      return () => new SortblockStrategy(plan(), decision);
    case 'fastcache': {
      const variances = floats(constants, FASTCACHE_VARIANCE, [blocks.length], where);
      const { significance } = decision;
      return () => new FastCacheStrategy(plan(), { significance, variances });
    }
  }
}

/** The learned map of a block out of a plan's constants. @throws BadInput when it is missing or misshapen */
export function linearMap(
  constants: PlanConstants,
  block: Block,
  embedding: number,
  where = 'plan',
): LinearMap {
  const name = `linear.${blockName(block)}`;
  return {
    weight: floats(constants, `${name}.weight`, [embedding, embedding], where),
    bias: floats(constants, `${name}.bias`, [embedding], where),
  };
}

function floats(
  constants: PlanConstants,
  name: string,
  shape: readonly number[],
  where: string,
): Float32Array {
  const tensor = constants.get(name);
  if (tensor?.dtype !== 'F32' || tensor.shape.join() !== shape.join()) {
    const found = tensor ? `${tensor.dtype} [${tensor.shape.join(', ')}]` : 'missing';
    const wanted = `F32 [${shape.join(', ')}]`;
    throw new BadInput(`constant '${name}' must be ${wanted}, it is ${found}`, where, AGAIN);
  }
  return tensor.data as Float32Array;
}
