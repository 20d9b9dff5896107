import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { uniformSchedule } from '../../src/caching/uniform_schedule.js';
import { importDiffusionPolicy } from '../../src/importers/diffusion_policy.js';
import { readPolicyOptions, withPolicyOptions } from '../../src/importers/policy_options.js';
import { sha256 } from '../../src/files.js';
import type { PolicyManifest } from '../../src/policy/manifest.js';
import { type PolicyPackage, readPolicyPackage } from '../../src/policy/policy_package.js';
import { type FloatTensor, readSafetensors } from '../../src/policy/safetensors.js';
import {
  type PolicyDescription,
  writePolicyPackage,
} from '../../src/policy/write_policy_package.js';
import { patternedWeights } from '../compiler/patterned_weights.js';
import { ROOT } from '../ros/ros_environment.js';
import { writePlanFor } from './plans.js';
import { randomPolicy } from './random_policy.js';
import { unified } from './schedules.js';
import { temporaryDirectory } from './temporary_directory.js';

/** A policy package that a node can run, with a plan that is fast and another one. */
export interface RunnablePolicy {
  readonly policy: PolicyPackage;
  readonly directory: string;
  readonly plan: { readonly path: string; readonly sha256: string };
  readonly otherPlan: { readonly path: string; readonly sha256: string };
}

let lift: Promise<RunnablePolicy> | undefined;
let camera: Promise<RunnablePolicy> | undefined;

/** The demo's policy (joint states and a pose, 20 Hz, 8 actions a chunk), imported once. */
export function liftPolicy(): Promise<RunnablePolicy> {
  return (lift ??= importLift());
}

/** A copy of its package with other actions. @returns its directory */
export async function liftPolicyWith(
  change: (action: PolicyManifest['action']) => Partial<PolicyManifest['action']>,
): Promise<string> {
  const directory = join(temporaryDirectory(), 'changed');
  cpSync((await liftPolicy()).directory, directory, { recursive: true });
  const file = join(directory, 'policy.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as PolicyManifest;
  const action = { ...manifest.action, ...change(manifest.action) };
  writeFileSync(file, JSON.stringify({ ...manifest, action }));
  return directory;
}

async function importLift(): Promise<RunnablePolicy> {
  const { description, contents } = await importDiffusionPolicy(
    join(ROOT, 'demo/lift_tiny/lift_lowdim_tiny.ckpt'),
  );
  const sources = join(ROOT, 'config/sources/lift_lowdim.yaml');
  const described = withPolicyOptions(description, await readPolicyOptions(sources), sources);
  const directory = join(temporaryDirectory(), 'lift');
  await writePolicyPackage(directory, described, contents);
  return runnable(directory);
}

/** Pixels a camera policy looks at, [height, width]. */
const SIZE: [number, number] = [48, 64];
const CROP: [number, number] = [44, 60];
const FEATURES = 8;

/**
 * A policy with random weights that sees `camera/image_raw` and two joints, j1 and j2, of `joint_states`, and
 * moves these at 20 Hz, 8 actions a chunk.
 */
export function cameraPolicy(): Promise<RunnablePolicy> {
  return (camera ??= makeCameraPolicy());
}

async function makeCameraPolicy(): Promise<RunnablePolicy> {
  const random = await randomPolicy({
    architecture: { condition_dim: 2 + FEATURES, action_dim: 2, horizon: 10, n_action_steps: 8 },
  });
  const { files, ...manifest } = random.manifest;
  const { tensors } = await readSafetensors(
    join(random.directory, Object.keys(files)[0]!),
    2 ** 24,
  );
  const joints = ['j1', 'j2'];
  const normaliser = { scale: [2, 2, 2], offset: [-1, -1, -1] };
  const description: PolicyDescription = {
    ...manifest,
    inputs: [
      { name: 'front', kind: 'image', size: SIZE, crop: CROP, normaliser },
      { name: 'arm', kind: 'vector', size: 2, normaliser: { scale: [1, 1], offset: [0, 0] } },
    ],
    encoder: { kind: 'resnet18_spatial_softmax', feature_dim: FEATURES, keypoints: 4 },
    action: {
      ...manifest.action,
      joint_names: joints,
      unit: 'rad',
      mode: 'absolute',
      rate_hz: 20,
    },
    observation_sources: [
      {
        name: 'front',
        input: 'front',
        topic: 'camera/image_raw',
        type: 'sensor_msgs/msg/Image',
        size: SIZE,
        crop: CROP,
      },
      {
        name: 'arm',
        input: 'arm',
        topic: 'joint_states',
        type: 'sensor_msgs/msg/JointState',
        field: 'position',
        names: joints,
      },
    ],
  };
  const directory = join(temporaryDirectory(), 'camera');
  await writePolicyPackage(directory, description, {
    denoiser: tensors as ReadonlyMap<string, FloatTensor>,
    encoder: patternedWeights('front', 4, FEATURES),
  });
  return runnable(directory);
}

async function runnable(directory: string): Promise<RunnablePolicy> {
  const policy = await readPolicyPackage(directory);
  const { layers } = policy.manifest.architecture;
  const { steps } = policy.manifest.noise_scheduler;
  const plans = temporaryDirectory();
  const plan = (updates: number): RunnablePolicy['plan'] => {
    const path = join(plans, `uniform_${updates}.json`);
    writePlanFor(policy, unified(3 * layers, uniformSchedule(steps, updates)), path);
    return { path, sha256: sha256(readFileSync(path)) };
  };
  return { policy, directory, plan: plan(5), otherPlan: plan(8) };
}
