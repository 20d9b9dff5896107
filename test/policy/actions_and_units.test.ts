import assert from 'node:assert/strict';
import { executedActions } from '../../src/policy/executed_actions.js';
import { denormalise, normalise } from '../../src/policy/normaliser.js';
import { sideBySide } from '../../src/policy/side_by_side.js';
import { assertClose } from '../support/assert_close.js';
import { fixture } from '../support/fixtures.js';
import { randomPolicy } from '../support/random_policy.js';
import { normals } from '../support/seeded_random.js';

describe('normaliser', () => {
  const normaliser = { scale: [2, -0.5, 100], offset: [1, 0, -3] };

  it('maps each dimension by its own scale and offset, and back', () => {
    const physical = Float32Array.of(1, 2, 3, -1, -2, 0.03);
    const normalised = normalise(physical, normaliser);
    assertClose(normalised, [3, -1, 297, -1, 1, 0], 1e-6, 'normalised');
    assertClose(denormalise(normalised, normaliser), physical, 1e-6, 'physical');
  });

  it('does what PyTorch did for the lift policy', async () => {
    const { policy, inputs, reference } = await fixture('lift_tiny');
    const [input] = policy.manifest.inputs;
    assert.deepEqual(normalise(reference('observation'), input!.normaliser), inputs.condition);
  });
});

describe('executedActions', () => {
  it('are steps first_action_step to first_action_step + Ta, in physical units', async () => {
    const { manifest } = await randomPolicy({
      architecture: { horizon: 5, first_action_step: 2, n_action_steps: 2, action_dim: 1 },
    });
    const units = {
      ...manifest,
      action: { ...manifest.action, normaliser: { scale: [2], offset: [1] } },
    };
    const sample = Float32Array.of(0, 0, 3, 5, 0, 0, 0, 7, 9, 0);
    assert.deepEqual([...executedActions(units, sample)], [1, 2, 3, 4]);
  });

  it('are those of PyTorch for the lift policy', async () => {
    const { policy, reference } = await fixture('lift_tiny');
    const actions = executedActions(policy.manifest, reference('sample'));
    assertClose(actions, reference('action'), 1e-6, 'action');
  });
});

describe('sideBySide', () => {
  it('puts the parts of each row together', () => {
    const joined = sideBySide([Float32Array.of(1, 2), Float32Array.of(3, 4, 5, 6)], 2);
    assert.deepEqual([...joined], [1, 3, 4, 2, 5, 6]);
    const single = normals(1, 6);
    assert.deepEqual(sideBySide([single], 3), single);
  });
});
