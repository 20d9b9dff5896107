import type { Plan } from './plan.js';
import type { Predict } from './plan_fields.js';

/**
 * Short name of a plan's configuration that fits in a file name, such as `bac_s10_n5_cosine`,
 * `search_s5_affine_int8`, `ddim_s10` or `taylor2_s10`: method, S, n and metric, then whatever differs from the
 * method's defaults, then what else the plan does that its method's name does not say.
 */
export function planName(plan: Plan): string {
  const { method, solver, numerics, correction, memory, blocks } = plan;
  const { name, updates, bubbling_blocks: bubbling, metric, objective } = method;
  const isSolver = name === solver.kind.replaceAll('+', '');
  const cached = blocks.some((block) => block.updates.length < plan.steps);
  const parts: (string | false | undefined)[] = [
    name + (name === 'taylor' ? String(method['order']) : isSolver && cached ? plan.steps : ''),
    updates !== undefined && `s${updates}`,
    bubbling !== undefined && `n${bubbling}`,
    metric,
    objective === 'consecutive' && objective,
    name !== 'uniform' && method.final_update === false && 'nofinal',
    name === 'uniform' && method.final_update === true && 'final',
    ...LETTERS.map(([field, letter]) => {
      const value = method[field];
      return typeof value === 'number' && letter + shortNumber(value);
    }),
    !isSolver && solver.kind !== 'ddpm' && `${solver.kind.replaceAll('+', '')}${plan.steps}`,
    ...predictors(plan).filter((predictor) => !predictor.startsWith(name)),
    name !== 'token' && blocks.some(({ tokens }) => tokens) && 'token',
    correction?.kind === 'affine' && 'affine',
    correction?.kind === 'noise-scale' && name !== 'exposure-bias' && 'eb',
    memory && name !== 'evict' && 'evict',
    numerics.kind === 'int8' && name !== 'int8' && 'int8',
    numerics.kind === 'int8' && numerics.blocks && `b${numerics.blocks.length}`,
  ];
  return parts.filter(Boolean).join('_');
}

/** Numbers that some methods have, and how a name says them. */
const LETTERS = [
  ['threshold', 't'],
  ['share', 'p'],
  ['interval', 'i'],
  ['significance', 'a'],
  ['tolerance', 't'],
  ['keep', 'k'],
  ['from', 'f'],
] as const;

/** At most three digits that count: names are for people. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** How branches are predicted, other than by reuse. */
function predictors({ blocks, decision }: Plan): string[] {
  // Online methods each have their own predictor.
  if (decision) return [];
  const names = blocks.map(({ predict }) => predictorName(predict));
  return [...new Set(names)].filter((name) => name !== 'reuse');
}

function predictorName(predict: Predict): string {
  return predict.kind === 'taylor' ? `taylor${predict.order}` : predict.kind;
}
