import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import { importDiffusionPolicy } from '../../src/importers/diffusion_policy.js';
import { readPolicyOptions, withPolicyOptions } from '../../src/importers/policy_options.js';
import type { PolicyInput } from '../../src/policy/manifest.js';
import type { PolicyDescription } from '../../src/policy/write_policy_package.js';
import { temporaryDirectory, writeTemporary } from './temporary_files.js';

/** A description with the inputs of the image-based Lift policy. */
async function imagePolicy(): Promise<PolicyDescription> {
  const { description } = await importDiffusionPolicy('demo/lift_tiny/lift_lowdim_tiny.ckpt');
  const identity = (size: number): { scale: number[]; offset: number[] } => ({
    scale: Array<number>(size).fill(1),
    offset: Array<number>(size).fill(0),
  });
  const image = (name: string): PolicyInput => ({
    name,
    kind: 'image',
    size: [84, 84],
    crop: [76, 76],
    normaliser: identity(3),
  });
  const vector = (name: string, size: number): PolicyInput => ({
    name,
    kind: 'vector',
    size,
    normaliser: identity(size),
  });
  const inputs = [
    image('agentview_image'),
    image('robot0_eye_in_hand_image'),
    vector('joint_pos', 7),
    vector('gripper_pos', 1),
  ];
  return { ...description, inputs };
}

describe('policy options', () => {
  const directory = temporaryDirectory();

  it('the image example fits its policy', async () => {
    const path = 'config/sources/lift_image.yaml';
    const result = withPolicyOptions(await imagePolicy(), await readPolicyOptions(path), path);
    assert.equal(result.observation_sources?.length, 4);
    assert.equal(result.action.joint_names?.[7], 'panda_finger_joint1');
    assert.equal(result.action.normaliser.scale.length, 8);
  });

  it('refuses sources that leave an input unfilled, or of another size', async () => {
    const policy = await imagePolicy();
    const options = await readPolicyOptions('config/sources/lift_image.yaml');
    const sources = options.observation_sources!;
    const check = (changed: typeof sources): unknown =>
      withPolicyOptions(policy, { observation_sources: changed }, 'x.yaml');
    assert.throws(() => check(sources.slice(1)), /x\.yaml: no observation source fills/);
    const camera = { ...sources[0]!, size: [240, 320] } as (typeof sources)[number];
    assert.throws(() => check([camera, ...sources.slice(1)]), /240x320/);
  });

  it('refuses YAML that unfolds without end', async () => {
    const lines = ['a0: &a0 [x, x]'];
    for (let i = 1; i < 30; i++) lines.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
    const path = writeTemporary(directory, 'laughs.yaml', lines.join('\n'));
    await assert.rejects(readPolicyOptions(path), BadInput);
  });

  it('may be empty', async () => {
    const path = writeTemporary(directory, 'empty.yaml', '# nothing yet\n');
    assert.deepEqual(await readPolicyOptions(path), {});
  });
});
