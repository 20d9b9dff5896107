/**
 * The program of the inference thread: sessions, pictures and conditions live here, so that the main thread is
 * free for messages while a chunk is made. Started by {@link InferenceWorker}.
 */
import '../no_telemetry.js';
import { parentPort, workerData } from 'node:worker_threads';
import { ConditionBuilder } from '../../control/condition_builder.js';
import { thumbnailOf } from '../../control/thumbnail.js';
import type { ObservationValue } from '../../control/observation_value.js';
import type { Stamped } from '../../control/observation_window.js';
import { countCallsIn } from '../native_calls.js';
import type { Chunk } from '../policy_runner.js';
import { seededChunkNoise } from '../seeded_noise.js';
import { collectGarbage } from './collect_garbage.js';
import type { LoadedPolicy, LoadOptions } from './loaded_policy.js';
import { loadPolicy, type RunningPolicy } from './load_policy.js';
import {
  receiveSample,
  type SampleUpdate,
  sendError,
  type WorkerRequest,
  type WorkerResponse,
} from './protocol.js';
import type { WorkerChunk } from './worker_chunk.js';

const port = parentPort!;
countCallsIn(workerData as Int32Array);
const samples = new Map<number, Stamped<ObservationValue>>();
let running:
  | (RunningPolicy & {
      readonly builder: ConditionBuilder;
      readonly thumbnails: Map<string, Float32Array>;
    })
  | undefined;

async function load(options: LoadOptions): Promise<LoadedPolicy> {
  await unload();
  const policy = await loadPolicy(options);
  const { runner, layout, loaded } = policy;
  const thumbnails = new Map<string, Float32Array>();
  const builder = new ConditionBuilder(loaded.manifest, layout, async (name, rgb) => {
    if (loaded.drift?.pictures.has(name))
      thumbnails.set(name, thumbnailOf(loaded.manifest, name, rgb));
    return runner.encodeImage(name, rgb);
  });
  running = { ...policy, builder, thumbnails };
  // What was read and compiled is of no use any more.
  collectGarbage();
  return loaded;
}

async function unload(): Promise<void> {
  samples.clear();
  if (!running) return;
  const { runner } = running;
  running = undefined;
  await runner.close();
  collectGarbage();
}

function update({ samples: sent, forget }: SampleUpdate): void {
  for (const sample of sent) samples.set(sample.id, receiveSample(sample));
  for (const id of forget) samples.delete(id);
}

function samplesOf(ids: readonly number[]): Stamped<ObservationValue>[] {
  return ids.map((id) => samples.get(id)!);
}

async function chunk({
  window,
  seed,
  index,
  inpainting,
  ...sent
}: Extract<WorkerRequest, { kind: 'chunk' }>): Promise<WorkerChunk> {
  update(sent);
  if (!running) throw new Error('no policy is loaded');
  const { runner, builder, thumbnails } = running;
  const { architecture: a, noise_scheduler: scheduler } = runner.manifest;
  const begin = performance.now();
  const condition = await builder.build(
    window.map(({ tickNs, ids }) => ({ tickNs, samples: samplesOf(ids) })),
  );
  const observationMs = performance.now() - begin;
  const noise = seededChunkNoise(seed, index, scheduler.steps, a.horizon, a.action_dim);
  const made = await runner.denoise(condition, noise, inpainting);
  return { ...made, condition, thumbnails, observationMs };
}

async function denoise({
  condition,
  seed,
  index,
  inpainting,
}: Extract<WorkerRequest, { kind: 'denoise' }>): Promise<Chunk> {
  if (!running) throw new Error('no policy is loaded');
  const { runner } = running;
  const { architecture: a, noise_scheduler: scheduler } = runner.manifest;
  const noise = seededChunkNoise(seed, index, scheduler.steps, a.horizon, a.action_dim);
  return runner.denoise(condition, noise, inpainting);
}

async function answer(request: Exclude<WorkerRequest, { kind: 'prefetch' }>): Promise<unknown> {
  switch (request.kind) {
    case 'load':
      return load(request.options);
    case 'unload':
      return unload();
    case 'chunk':
      return chunk(request);
    case 'denoise':
      return denoise(request);
  }
}

function post(response: WorkerResponse): void {
  port.postMessage(response);
}

let last = Promise.resolve();
port.on('message', (request: WorkerRequest) => {
  last = last.then(async () => {
    if (request.kind === 'prefetch') {
      update(request);
      running?.builder.prefetch(request.source, samples.get(request.id)!);
      return;
    }
    try {
      post({ kind: 'result', result: await answer(request) });
    } catch (error) {
      post({ kind: 'failed', error: sendError(error) });
    }
  });
});
post({ kind: 'ready' });
