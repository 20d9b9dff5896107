import type { PolicyManifest } from '../policy/manifest.js';
import type { GraphBuilder, Value } from './graph.js';

/** The executed actions in physical units: normalised sample (T, A) -> (Ta, A). */
export function physicalAction(
  graph: GraphBuilder,
  { architecture: a, action }: PolicyManifest,
  sample: Value,
): Value {
  const executed = graph.slice(
    sample,
    a.first_action_step,
    a.first_action_step + a.n_action_steps,
    0,
  );
  const { scale, offset } = action.normaliser;
  const vector = (name: string, values: readonly number[]): Value =>
    graph.constant(name, [a.action_dim], () => Float32Array.from(values));
  return graph.binary(
    'Div',
    graph.binary('Sub', executed, vector('action.offset', offset)),
    vector('action.scale', scale),
  );
}
