import assert from 'node:assert/strict';
import { join } from 'node:path';
import { CameraFrame } from '../../../src/control/camera_frame.js';
import { ConditionBuilder } from '../../../src/control/condition_builder.js';
import { type CameraSource, observationLayout } from '../../../src/control/observation_layout.js';
import { driftConstants } from '../../../src/control/drift_constants.js';
import { driftReference } from '../../../src/control/drift_reference.js';
import { thumbnail } from '../../../src/control/thumbnail.js';
import type { ObservationValue } from '../../../src/control/observation_value.js';
import type { Observation } from '../../../src/control/observation_window.js';
import { BadInput } from '../../../src/errors.js';
import { openPolicyRunner } from '../../../src/inference/open_policy_runner.js';
import { seededChunkNoise } from '../../../src/inference/seeded_noise.js';
import { InferenceWorker } from '../../../src/inference/worker/inference_worker.js';
import type { LoadOptions } from '../../../src/inference/worker/loaded_policy.js';
import { cameraPolicy, liftPolicy, type RunnablePolicy } from '../../support/ros_policies.js';
import { readPlan, writePlan } from '../../../src/policy/plan_file.js';
import { normals } from '../../support/seeded_random.js';
import { temporaryDirectory } from '../../support/temporary_directory.js';
import { windowFor } from './observations.js';

type Window = Observation<ObservationValue>[];

const NOISE = { seed: 5, index: 3 };

/** A program for the thread that fails at the first request. */
const FAILING = new URL(
  `data:text/javascript,import { parentPort } from 'node:worker_threads';
  parentPort.on('message', () => { throw new Error('out of luck'); });
  parentPort.postMessage({ kind: 'ready' });`,
);

function optionsFor({ directory, plan }: RunnablePolicy): LoadOptions {
  return {
    policy: directory,
    plan: plan.path,
    provider: 'cpu',
    providerFallback: false,
    threads: 1,
  };
}

/** Action of the same chunk made in this thread. */
async function actionHere(
  { directory, plan, policy }: RunnablePolicy,
  window: Window,
): Promise<Float32Array> {
  const runner = await openPolicyRunner(directory, { plan: plan.path });
  const layout = observationLayout(policy.manifest, directory);
  const builder = new ConditionBuilder(policy.manifest, layout, async (name, rgb) =>
    runner.encodeImage(name, rgb),
  );
  const { architecture: a, noise_scheduler: scheduler } = policy.manifest;
  const noise = seededChunkNoise(NOISE.seed, NOISE.index, scheduler.steps, a.horizon, a.action_dim);
  const { action } = await runner.denoise(await builder.build(window), noise);
  await runner.close();
  return action;
}

describe('InferenceWorker', () => {
  let worker: InferenceWorker;
  let lift: RunnablePolicy;
  let camera: RunnablePolicy;
  before(async () => {
    lift = await liftPolicy();
    camera = await cameraPolicy();
    worker = await InferenceWorker.start();
  });
  after(async () => worker.close());

  it('makes the chunk that is made in this thread, bit for bit: joints and a pose', async () => {
    const window = windowFor(lift.policy, 1);
    await worker.load(optionsFor(lift));
    const chunk = await worker.chunk(window, NOISE);
    assert.deepEqual(chunk.action, await actionHere(lift, window));
    assert.ok(chunk.latencyMs > 0 && chunk.observationMs >= 0);
  });

  it('and with pictures, prefetched or not; the bytes of the frames stay in this thread', async () => {
    const window = windowFor(camera.policy, 2);
    const frame = window[0]!.samples[0]!.value as CameraFrame;
    const before = await frame.rgb();
    await worker.load(optionsFor(camera));
    const cold = await worker.chunk(window, NOISE);
    assert.deepEqual(cold.action, await actionHere(camera, window));
    await worker.chunk(windowFor(camera.policy, 3), NOISE);
    for (const { samples } of window) worker.prefetch(0, samples[0]!);
    assert.deepEqual((await worker.chunk(window, NOISE)).action, cold.action);
    assert.deepEqual(await frame.rgb(), before);
  });

  it('makes the chunk from a known condition, and hands over condition and thumbnails', async () => {
    const { policy, directory, plan } = camera;
    const { n_obs_steps: steps, condition_dim: width } = policy.manifest.architecture;
    const window = windowFor(policy, 2);
    const frame = window.at(-1)!.samples[0]!.value as CameraFrame;
    const shown = thumbnail(await frame.rgb(), [48, 64]);
    const pictures = new Map([['front', { thumbnails: [shown], episodes: [0] }]]);
    const reference = driftReference(
      normals(1, 20 * steps * width),
      [...Array(20).keys()],
      pictures,
    );
    const path = join(temporaryDirectory(), 'watched.json');
    await writePlan(path, (await readPlan(plan.path)).plan, driftConstants(reference));
    const loaded = await worker.load({ ...optionsFor(camera), policy: directory, plan: path });
    assert.deepEqual(loaded.drift, reference);
    const chunk = await worker.chunk(window, NOISE);
    assert.equal(chunk.condition.length, steps * width);
    assert.deepEqual((await worker.denoise(chunk.condition, NOISE)).action, chunk.action);
    const other = await (window[0]!.samples[0]!.value as CameraFrame).rgb();
    const shownBefore = thumbnail(other, [48, 64]);
    const small = chunk.thumbnails.get('front')!;
    assert.ok([shown, shownBefore].some((one) => one.every((value, i) => value === small[i])));
  });

  it('says what it loaded, after chunks that show how long one takes', async () => {
    const loaded = await worker.load(optionsFor(lift));
    const { manifest, sha256 } = lift.policy;
    assert.deepEqual(loaded.manifest, manifest);
    assert.equal(loaded.policySha256, sha256);
    assert.equal(loaded.planSha256, lift.plan.sha256);
    assert.equal(loaded.preset, undefined);
    assert.deepEqual(loaded.blockUpdates, { computed: 12 * 5, total: 12 * 100 });
    assert.equal(loaded.provider, 'cpu');
    const { medianMs, p90Ms, maxMs, chunks } = loaded.warmUp;
    assert.ok(chunks >= 4 && chunks <= 20);
    assert.ok(medianMs > 0 && medianMs <= p90Ms && p90Ms <= maxMs && maxMs < loaded.loadMs);
  });

  it('answers in the order it was asked, over a change of the policy', async () => {
    const done: string[] = [];
    const ask = async (name: string, asked: Promise<unknown>): Promise<void> => {
      await asked;
      done.push(name);
    };
    await worker.load(optionsFor(lift));
    await Promise.all([
      ask('first', worker.chunk(windowFor(lift.policy, 1), NOISE)),
      ask('second', worker.chunk(windowFor(lift.policy, 2), NOISE)),
      ask('load', worker.load(optionsFor(camera))),
      ask('third', worker.chunk(windowFor(camera.policy, 2), NOISE)),
    ]);
    assert.deepEqual(done, ['first', 'second', 'load', 'third']);
  });

  it('hands on what is wrong with a file or a picture, and goes on', async () => {
    const missing = worker.load({ ...optionsFor(lift), policy: '/no/such/policy' });
    await assert.rejects(missing, (error) => {
      assert.ok(error instanceof BadInput);
      assert.equal(error.where, '/no/such/policy/policy.json');
      return error.message.includes('does not exist');
    });
    await assert.rejects(
      worker.chunk(windowFor(lift.policy, 1), NOISE),
      /^Error: no policy is loaded$/,
    );

    await worker.load(optionsFor(camera));
    const window = windowFor(camera.policy, 1);
    const source = camera.policy.manifest.observation_sources![0] as CameraSource;
    const message = { format: 'jpeg', data: Uint8Array.of(1, 2, 3) };
    const type = 'sensor_msgs/msg/CompressedImage';
    const value = CameraFrame.of(source, type, message, 'topic /camera');
    const [, arm] = window[0]!.samples;
    const broken = { tickNs: 0n, samples: [{ stampNs: 0n, value }, arm!] };
    worker.prefetch(0, broken.samples[0]!);
    await assert.rejects(worker.chunk([window[0]!, broken], NOISE), (error) => {
      return error instanceof BadInput && error.where === 'topic /camera';
    });
    await worker.chunk(window, NOISE);
  });

  it('frees a policy and loads it again', async () => {
    const window = windowFor(lift.policy, 1);
    await worker.load(optionsFor(lift));
    const { action } = await worker.chunk(window, NOISE);
    await worker.unload();
    await assert.rejects(worker.chunk(window, NOISE), /no policy is loaded/);
    await worker.load(optionsFor(lift));
    assert.deepEqual((await worker.chunk(window, NOISE)).action, action);
  });

  it('rejects all that was asked of a thread that fails, and tells its owner once', async () => {
    const crashes: string[] = [];
    const failing = await InferenceWorker.start({
      program: FAILING,
      onCrash: ({ message }) => crashes.push(message),
    });
    const failed = /^Error: the inference thread ended unexpectedly: out of luck$/;
    const asked = [failing.load(optionsFor(lift)), failing.unload()];
    for (const answer of asked) await assert.rejects(answer, failed);
    await assert.rejects(failing.unload(), failed);
    assert.ok(failing.ended);
    await failing.close();
    assert.deepEqual(crashes, ['the inference thread ended unexpectedly: out of luck']);
  });

  it('says when the thread cannot even begin', async () => {
    const program = new URL('data:text/javascript,throw new Error("no luck")');
    const onCrash = (): void => assert.fail('nobody owns it yet');
    await assert.rejects(InferenceWorker.start({ program, onCrash }), /unexpectedly: no luck/);
  });

  it('is closed at any time: while a policy is loaded, and twice', async () => {
    const other = await InferenceWorker.start({ onCrash: () => assert.fail('was told to end') });
    const loading = other.load(optionsFor(lift));
    const closing = other.close();
    await assert.rejects(loading, /the inference thread was closed/);
    await closing;
    await other.close();
    await assert.rejects(other.unload(), /was closed/);
  });

  it('is closed amid the work of ONNX Runtime without harm to the process', async () => {
    for (let round = 0; round < 6; round++) {
      const other = await InferenceWorker.start();
      const loading = other.load({ ...optionsFor(lift), plan: lift.otherPlan.path });
      const rejected = assert.rejects(loading, /the inference thread was closed/);
      await new Promise((resolve) => setTimeout(resolve, 15 * round));
      await Promise.all([other.close(), other.close()]);
      await rejected;
    }
  });
});
