import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import { sha256 } from '../../src/files.js';
import {
  importDiffusionPolicy,
  type ImportedPolicy,
} from '../../src/importers/diffusion_policy.js';
import { encodeSafetensors } from '../../src/policy/safetensors.js';
import { checkpointBytes, lowdimConfig, lowdimState, type FakeState } from './fake_checkpoint.js';
import { temporaryDirectory, writeTemporary } from './temporary_files.js';

type Config = ReturnType<typeof lowdimConfig>;

describe('importer of diffusion_policy', () => {
  const directory = temporaryDirectory();
  const write = (config: Config, states: Record<string, FakeState>): string =>
    writeTemporary(directory, 'x.ckpt', checkpointBytes(config, states));
  const importOf = (
    change: (config: Config, state: FakeState) => void = () => undefined,
  ): Promise<ImportedPolicy> => {
    const config = lowdimConfig();
    const state = lowdimState();
    change(config, state);
    return importDiffusionPolicy(write(config, { model: state }));
  };
  const refuses = async (
    expected: RegExp,
    change: (config: Config, state: FakeState) => void,
  ): Promise<void> => {
    await assert.rejects(
      importOf(change),
      (error) => error instanceof BadInput && expected.test(error.message),
    );
  };

  it('imports a real checkpoint, its averaged weights by default', async () => {
    const path = 'demo/lift_tiny/lift_lowdim_tiny.ckpt';
    const { description, contents } = await importDiffusionPolicy(path);
    assert.deepEqual(description.architecture, {
      kind: 'transformer_for_diffusion',
      layers: 4,
      heads: 4,
      embedding: 64,
      horizon: 10,
      n_obs_steps: 2,
      n_action_steps: 8,
      first_action_step: 1,
      causal: true,
      n_cond_layers: 0,
      action_dim: 8,
      condition_dim: 15,
    });
    assert.equal(description.provenance.weights, 'ema_model');
    // The quaternion is passed on as it is.
    const { scale, offset } = description.inputs[0]!.normaliser;
    assert.deepEqual([scale.slice(11), offset.slice(11)], [Array(4).fill(1), Array(4).fill(0)]);
    // Every tensor was held against torch's own reading of the file when this digest was taken.
    const digest = sha256(encodeSafetensors(contents.denoiser));
    assert.equal(digest, '3ec467ced246070db3d14cb331dba92396265c60049efb5e2228b3b08ec0735b');
    const trained = await importDiffusionPolicy(path, 'model');
    assert.notEqual(sha256(encodeSafetensors(trained.contents.denoiser)), digest);
  });

  it('reads plain dictionaries, interpolations and every tensor', async () => {
    const { description, contents } = await importOf();
    assert.equal(description.architecture.first_action_step, 1);
    assert.equal(description.provenance.weights, 'model');
    assert.deepEqual(description.action.normaliser, { scale: [4, 4], offset: [0.5, 0.5] });
    for (const [name, tensor] of lowdimState()) {
      const read = contents.denoiser.get(name.replace(/^model\./, ''));
      assert.deepEqual(read?.data, /mask|dummy|normalizer/.test(name) ? undefined : tensor.data);
    }
  });

  it("uses upstream's defaults where the configuration is silent", async () => {
    const { description } = await importOf(({ policy }, state) => {
      policy.model = { _target_: policy.model['_target_']! };
      state.delete('model.mask');
      // 12 heads do not divide the embedding of 4: see the error below.
      policy.model['n_head'] = 1;
    });
    assert.equal(description.architecture.causal, false);
    await refuses(/embedding is not divisible by heads/, ({ policy }) => {
      delete policy.model['n_head'];
    });
  });

  it('shortens the horizon of a policy that predicts only what it executes', async () => {
    const { description, contents } = await importOf(({ policy }) => {
      policy['pred_action_steps_only'] = true;
    });
    assert.equal(description.architecture.horizon, 3);
    assert.equal(description.architecture.first_action_step, 0);
    assert.deepEqual(contents.denoiser.get('pos_emb')!.shape, [1, 3, 4]);
  });

  it('names configuration and tensor where they disagree', async () => {
    await refuses(
      /cfg\.policy\.model\.n_emb is 8, but tensor model\.input_emb\.weight says 4/,
      (c) => {
        c.policy.model['n_emb'] = 8;
      },
    );
    await refuses(/model\.n_layer is 2, but tensor model\.decoder\.layers says 1/, (c) => {
      c.policy.model['n_layer'] = 2;
    });
    await refuses(/policy\.n_obs_steps is 3, but tensor/, (c) => (c.policy['n_obs_steps'] = 3));
    await refuses(/policy\.action_dim is 5, but tensor/, (c) => (c.policy['action_dim'] = 5));
    await refuses(/policy\.obs_dim is 5, but tensor/, (c) => (c.policy['obs_dim'] = 5));
    await refuses(/policy\.horizon is 9, but tensor/, (c) => (c.policy['horizon'] = 9));
    await refuses(/causal_attn is false, but tensor model\.mask is there/, (c) => {
      c.policy.model['causal_attn'] = false;
    });
    await refuses(/ln_f\.weight is \[5\], expected \[4\]/, (_, state) => {
      state.set('model.ln_f.weight', { shape: [5], data: new Float32Array(5) });
    });
    await refuses(/executed actions reach beyond/, (c) => (c.policy['n_action_steps'] = 6));
  });

  it('refuses other policies by name', async () => {
    await refuses(/_target_ is DiffusionUnetLowdimPolicy, supported are/, (c) => {
      c.policy['_target_'] = 'a.DiffusionUnetLowdimPolicy';
    });
    await refuses(/policy\._target_ is missing/, (c) => (c.policy['_target_'] = null));
    await refuses(/is ConditionalUnet1D, supported is Trans/, (c) => {
      c.policy.model['_target_'] = 'a.ConditionalUnet1D';
    });
    await refuses(/obs_as_cond is false \(observations by inpainting/, (c) => {
      c.policy['obs_as_cond'] = false;
    });
    await refuses(/obs_as_cond is false/, (c) => delete c.policy['obs_as_cond']);
    await refuses(/time_as_cond is false \(encoder-only/, (c) => {
      c.policy.model['time_as_cond'] = false;
    });
  });

  it('refuses state dicts with more or less than a policy has', async () => {
    const more = { shape: [1], data: new Float32Array(1) };
    await refuses(/tensor model\.head\.bias is missing/, (_, s) => s.delete('model.head.bias'));
    await refuses(/tensor normalizer\.params_dict\.obs\.scale is missing/, (_, s) => {
      s.delete('normalizer.params_dict.obs.scale');
    });
    await refuses(/model\.adapter is not part of/, (_, s) => s.set('model.adapter', more));
    await refuses(/critic\.weight belongs to no module/, (_, s) => s.set('critic.weight', more));
    await refuses(/not numbered/, (_, s) => s.set('model.decoder.layers.7.x', more));
    await refuses(/is not the causal mask/, (_, s) => s.get('model.mask')!.data.fill(0));
  });

  it('refuses values that are not finite', async () => {
    await refuses(/params_dict\.obs\.scale holds a value that is not a finite/, (_, s) => {
      s.get('normalizer.params_dict.obs.scale')!.data[1] = NaN;
    });
    await refuses(/model\.head\.bias holds a value/, (_, s) => {
      s.get('model.head.bias')!.data[0] = Infinity;
    });
    await refuses(/action\.normaliser\.scale: holds a zero/, (_, s) => {
      s.get('normalizer.params_dict.action.scale')!.data[0] = 0;
    });
    await refuses(/2 scales and 3 offsets for 3 values/, (_, s) => {
      s.set('normalizer.params_dict.obs.scale', { shape: [2], data: Float32Array.of(1, 1) });
    });
  });

  it('says which weights there are not', async () => {
    const path = write(lowdimConfig(), { model: lowdimState() });
    await assert.rejects(importDiffusionPolicy(path, 'ema_model'), /no weights 'ema_model'/);
    const none = write(lowdimConfig(), {});
    await assert.rejects(importDiffusionPolicy(none), /no weights 'model'/);
  });
});
