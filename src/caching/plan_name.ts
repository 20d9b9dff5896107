import type { Plan } from './plan.js';

/**
 * Short name of a plan's configuration that fits in a file name, such as `bac_s10_n5_cosine`: method, S, n
 * and metric, then whatever differs from the method's defaults.
 */
export function planName({ method }: Plan): string {
  const { name, updates, bubbling_blocks: bubbling, metric, objective } = method;
  const parts: (string | false | undefined)[] = [
    name,
    updates !== undefined && `s${updates}`,
    bubbling !== undefined && `n${bubbling}`,
    metric,
    objective === 'consecutive' && objective,
    name !== 'uniform' && method.final_update === false && 'nofinal',
    name === 'uniform' && method.final_update === true && 'final',
  ];
  return parts.filter(Boolean).join('_');
}
