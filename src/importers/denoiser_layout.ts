import type { Architecture } from '../policy/manifest.js';

/** Expected tensors of one learned file: name to shape, in the order they are written. */
export type Layout = ReadonlyMap<string, readonly number[]>;

/** What the tensors' names and shapes depend on. */
export type DenoiserNumbers = Pick<
  Architecture,
  | 'layers'
  | 'embedding'
  | 'horizon'
  | 'n_obs_steps'
  | 'n_cond_layers'
  | 'action_dim'
  | 'condition_dim'
>;

/**
 * Tensors of `denoiser.safetensors`: those of upstream's `TransformerForDiffusion` under the same names
 * (without the policy's `model.`). Attention masks are left out: they follow from `causal`.
 */
export function denoiserLayout(numbers: DenoiserNumbers): Layout {
  const { layers, embedding: E, n_cond_layers: condLayers } = numbers;
  const layout = new Map<string, readonly number[]>();
  const linear = (name: string, out: number, into: number): void => {
    layout.set(`${name}.weight`, [out, into]).set(`${name}.bias`, [out]);
  };
  const norm = (name: string): void => {
    layout.set(`${name}.weight`, [E]).set(`${name}.bias`, [E]);
  };
  const attention = (name: string): void => {
    layout.set(`${name}.in_proj_weight`, [3 * E, E]).set(`${name}.in_proj_bias`, [3 * E]);
    linear(`${name}.out_proj`, E, E);
  };
  const feedForward = (name: string): void => {
    linear(`${name}.linear1`, 4 * E, E);
    linear(`${name}.linear2`, E, 4 * E);
  };

  layout.set('pos_emb', [1, numbers.horizon, E]);
  layout.set('cond_pos_emb', [1, 1 + numbers.n_obs_steps, E]);
  linear('input_emb', E, numbers.action_dim);
  linear('cond_obs_emb', E, numbers.condition_dim);
  if (condLayers === 0) {
    linear('encoder.0', 4 * E, E);
    linear('encoder.2', E, 4 * E);
  }
  for (let i = 0; i < condLayers; i++) {
    const layer = `encoder.layers.${i}`;
    attention(`${layer}.self_attn`);
    feedForward(layer);
    norm(`${layer}.norm1`);
    norm(`${layer}.norm2`);
  }
  for (let i = 0; i < layers; i++) {
    const layer = `decoder.layers.${i}`;
    attention(`${layer}.self_attn`);
    attention(`${layer}.multihead_attn`);
    feedForward(layer);
    norm(`${layer}.norm1`);
    norm(`${layer}.norm2`);
    norm(`${layer}.norm3`);
  }
  norm('ln_f');
  linear('head', numbers.action_dim, E);
  return layout;
}
