import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import { encoderLayout, encoderTensorName } from '../../src/importers/encoder_layout.js';
import {
  importDiffusionPolicy,
  type ImportedPolicy,
} from '../../src/importers/diffusion_policy.js';
import {
  checkpointBytes,
  lowdimConfig,
  lowdimState,
  type Dict,
  type FakeState,
} from './fake_checkpoint.js';
import { temporaryDirectory, writeTemporary } from './temporary_files.js';

const KEYPOINTS = 4;
const FEATURES = 2;
const MODULES = ['conv1', 'bn1', 'relu', 'maxpool', 'layer1', 'layer2', 'layer3', 'layer4'];

/** Upstream's two names of a tensor of the encoder. */
function wrappedNames(name: string): string[] {
  const [input, part, ...rest] = name.split('.') as [string, string, ...string[]];
  const net = `obs_encoder.obs_nets.${input}`;
  if (part === 'linear') return [`${net}.nets.3.${rest.join('.')}`];
  if (part === 'pool') {
    const inner = rest[0] === 'temperature' ? 'temperature' : `nets.${rest[0]}`;
    return [`${net}.pool.${inner}`, `${net}.nets.1.${inner}`];
  }
  const inner = [MODULES.indexOf(rest[0]!), ...rest.slice(1)].join('.');
  return [`${net}.backbone.nets.${inner}`, `${net}.nets.0.nets.${inner}`];
}

/** A hybrid policy with one camera and one joint; 8-bit weights keep the file small. */
function hybrid(): { config: Dict & { policy: Dict }; state: FakeState } {
  const { policy, ...rest } = lowdimConfig();
  const { model, ...shared } = policy;
  const config = {
    ...rest,
    policy: {
      ...shared,
      ...model,
      _target_: 'a.DiffusionTransformerHybridImagePolicy',
      shape_meta: {
        obs: { camera: { shape: [3, 84, 96], type: 'rgb' }, joint: { shape: [1] } },
        action: { shape: [2] },
      },
      crop_shape: [76, 80],
      obs_encoder_group_norm: true,
      eval_fixed_crop: true,
    },
  };
  const state = lowdimState();
  let value = 0;
  for (const [name, shape] of encoderLayout(['camera'], KEYPOINTS, FEATURES)) {
    const data = new Int8Array(shape.reduce((product, size) => product * size, 1));
    data.fill((value++ % 100) + 1);
    for (const wrapped of wrappedNames(name)) state.set(wrapped, { shape, data });
  }
  for (const net of ['nets.1', 'pool']) {
    for (const axis of ['pos_x', 'pos_y']) {
      const grid = { shape: [1, 9], data: new Float32Array(9) };
      state.set(`obs_encoder.obs_nets.camera.${net}.${axis}`, grid);
    }
  }
  for (const field of ['camera', 'joint']) {
    for (const [part, values] of [
      ['scale', Float32Array.of(2)],
      ['offset', Float32Array.of(-1)],
    ] as const) {
      state.set(`normalizer.params_dict.${field}.${part}`, { shape: [1], data: values });
    }
  }
  return { config, state };
}

describe('importer of image policies', () => {
  const directory = temporaryDirectory();
  const importOf = (
    change: (policy: Dict, state: FakeState) => void = () => undefined,
  ): Promise<ImportedPolicy> => {
    const { config, state } = hybrid();
    change(config.policy, state);
    const bytes = checkpointBytes(config, { ema_model: state });
    return importDiffusionPolicy(writeTemporary(directory, 'x.ckpt', bytes));
  };
  const refuses = async (
    expected: RegExp,
    change: (policy: Dict, state: FakeState) => void,
  ): Promise<void> => {
    await assert.rejects(
      importOf(change),
      (error) => error instanceof BadInput && expected.test(error.message),
    );
  };

  it('gives tensors clean names and inputs in the order of shape_meta', async () => {
    const { description, contents } = await importOf();
    assert.deepEqual(description.encoder, {
      kind: 'resnet18_spatial_softmax',
      feature_dim: FEATURES,
      keypoints: KEYPOINTS,
    });
    assert.deepEqual(description.inputs, [
      {
        name: 'camera',
        kind: 'image',
        size: [84, 96],
        crop: [76, 80],
        normaliser: { scale: [2, 2, 2], offset: [-1, -1, -1] },
      },
      { name: 'joint', kind: 'vector', size: 1, normaliser: { scale: [2], offset: [-1] } },
    ]);
    const layout = encoderLayout(['camera'], KEYPOINTS, FEATURES);
    assert.deepEqual([...contents.encoder!.keys()], [...layout.keys()]);
    // One value per tensor, counted up: a swapped pair of names would show.
    const firsts = [...contents.encoder!.values()].map((tensor) => tensor.data[0]);
    assert.deepEqual(
      firsts,
      firsts.map((_, i) => (i % 100) + 1),
    );
  });

  it('has no crop where the configuration says null', async () => {
    await refuses(
      /crop_shape gives features of 3x3, but tensor camera\.pos_x has 12/,
      (_, state) => {
        const grid = { shape: [1, 12], data: new Float32Array(12) };
        state.set('obs_encoder.obs_nets.camera.nets.1.pos_x', grid);
      },
    );
    const { description } = await importOf((policy) => (policy['crop_shape'] = null));
    assert.deepEqual(description.inputs[0], { ...description.inputs[0], crop: [84, 96] });
  });

  it('refuses encoders that it does not know', async () => {
    const one = { shape: [1], data: new Float32Array(1) };
    const net = 'obs_encoder.obs_nets.camera';
    await refuses(
      /group_norm is false \(BatchNorm\)/,
      (p) => (p['obs_encoder_group_norm'] = false),
    );
    await refuses(/running_mean is not part of a ResNet18 with GroupNorm/, (_, state) => {
      state.set(`${net}.backbone.nets.1.running_mean`, one);
    });
    await refuses(/nets\.9\.weight is not part/, (_, s) => s.set(`${net}.nets.9.weight`, one));
    await refuses(/belongs to no image input/, (_, s) => {
      s.set('obs_encoder.obs_nets.other.nets.3.weight', one);
    });
    await refuses(/the encoder has no camera\.linear\.bias/, (_, s) =>
      s.delete(`${net}.nets.3.bias`),
    );
    await refuses(
      /crop_shape is \[90, 80\], not within 84x96/,
      (p) => (p['crop_shape'] = [90, 80]),
    );
  });

  it('refuses copies of a tensor that differ', async () => {
    await refuses(/should be copies of each other, but differ/, (_, state) => {
      const name = 'obs_encoder.obs_nets.camera.nets.1.nets.bias';
      state.set(name, { shape: [KEYPOINTS], data: new Int8Array(KEYPOINTS) });
    });
  });

  it('undoes the wrapping of every name', () => {
    for (const name of encoderLayout(['camera'], 8, 16).keys()) {
      for (const wrapped of wrappedNames(name)) {
        assert.equal(encoderTensorName(wrapped.replace('obs_encoder.obs_nets.', '')), name);
      }
    }
    assert.equal(encoderTensorName('camera.pool.pos_x'), null);
    assert.equal(encoderTensorName('camera.backbone.nets.2.weight'), undefined);
  });
});
