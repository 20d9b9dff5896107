import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { driftReference } from '../../src/control/drift_reference.js';
import type { LoadedPolicy, LoadOptions } from '../../src/inference/worker/loaded_policy.js';
import type { WorkerChunk } from '../../src/inference/worker/worker_chunk.js';
import { nodeParameters, type NodeParameters } from '../../src/parameters/node_parameters.js';
import { DriftGuard } from '../../src/ros/drift_guard.js';
import { driftStatus } from '../../src/ros/drift_status.js';
import type { PlanChoice } from '../../src/ros/plan_choice.js';
import { defaultValues } from '../parameters/declared.js';
import { conditionAt, episodesOf } from '../support/drifting_episodes.js';

const LOADED = {
  manifest: {
    architecture: { n_obs_steps: 2, n_action_steps: 4 },
    inputs: [{ name: 'state', kind: 'vector', size: 5 }],
    action: { rate_hz: 20 },
  },
  policySha256: 'f'.repeat(64),
  planSha256: 'a'.repeat(64),
  planName: 'fast',
} as unknown as LoadedPolicy;
const { conditions, episodes } = episodesOf(1, 40);
const WATCHED: LoadedPolicy = { ...LOADED, drift: driftReference(conditions, episodes) };
const USUAL = conditionAt(episodesOf(2, 1), 5);
const DRIFTED = conditionAt(episodesOf(2, 1, [0, 0, 3, 0, 0]), 5);

function parametersWith(drift: Partial<NodeParameters['drift']>): NodeParameters {
  const parameters = nodeParameters(defaultValues([]));
  return { ...parameters, drift: { ...parameters.drift, ...drift } };
}

/** A guard over a maker whose next condition is set by hand. */
class Rig {
  condition = USUAL;
  readonly swaps: (PlanChoice | undefined)[] = [];
  readonly log: string[] = [];
  busy = false;
  failure: Error | undefined;
  readonly guard: DriftGuard;

  constructor(drift: Partial<NodeParameters['drift']>, loaded = WATCHED) {
    this.guard = new DriftGuard({
      maker: {
        prefetch: () => undefined,
        chunk: () => Promise.resolve({ ...CHUNK, condition: this.condition }),
      },
      canSwap: () => !this.busy,
      swap: (choice) => {
        this.swaps.push(choice);
        const { failure } = this;
        if (failure) return Promise.reject(failure);
        return Promise.resolve(choice ? { ...LOADED, planName: 'safe' } : WATCHED);
      },
      logger: {
        info: (message) => this.log.push(message),
        warn: (message) => this.log.push(message),
      },
    });
    this.guard.use(loaded, {} as LoadOptions, parametersWith(drift));
  }

  async chunks(count: number, condition: Float32Array): Promise<void> {
    this.condition = condition;
    for (let i = 0; i < count; i++) {
      assert.equal((await this.guard.chunk([], { seed: 0, index: 0 })).condition, condition);
      await sleep(0);
    }
  }

  get status(): ReturnType<typeof driftStatus> {
    return driftStatus('/policy', this.guard.report()!);
  }
}

const CHUNK = {
  action: new Float32Array(4),
  latencyMs: 1,
  observationMs: 1,
  thumbnails: new Map(),
} as unknown as WorkerChunk;

describe('DriftGuard', () => {
  it('reports drift, names what is out of its range, and leaves the plan alone', async () => {
    const rig = new Rig({});
    await rig.chunks(3, USUAL);
    assert.deepEqual([rig.status.level, rig.status.message], [0, 'observations as in calibration']);
    await rig.chunks(4, DRIFTED);
    assert.equal(rig.status.level, 1);
    assert.match(rig.status.message, /observations drift .* state\[2\] is out of its range/);
    const values = Object.fromEntries(rig.status.values.map(({ key, value }) => [key, value]));
    assert.deepEqual(
      [values['level'], values['chunks'], values['chunks_beyond'], values['share_beyond']],
      ['drift', '7', '4', '0.5714'],
    );
    assert.ok(Number(values['distance_max']) > 1 && Number(values['distance_p50']) > 0);
    assert.deepEqual(rig.swaps, []);
    assert.ok(rig.log.some((line) => line.includes('drift from those of calibration (drift)')));
  });

  it('has a safer plan take over, and returns when all is calm', async () => {
    const rig = new Rig({ fallback: 'dense', calmS: 0 });
    await rig.chunks(4, DRIFTED);
    assert.deepEqual(rig.swaps, [{ plan: '', preset: 'dense' }]);
    assert.match(rig.status.message, /fallen back \(dense\)/);
    await rig.chunks(4, DRIFTED);
    await rig.chunks(7, USUAL);
    assert.equal(rig.swaps.length, 1);
    await rig.chunks(1, USUAL);
    assert.deepEqual(rig.swaps[1], undefined);
    assert.deepEqual([rig.swaps.length, rig.status.level], [2, 0]);
    const { falls, returns, state } = rig.guard.report()!.fallback;
    assert.deepEqual([falls, returns, state], [1, 1, 'off']);
  });

  it('says when the safer plan cannot be had, and waits while another is loaded', async () => {
    const rig = new Rig({ fallback: '/plans/safe.json', calmS: 60 });
    rig.busy = true;
    await rig.chunks(5, DRIFTED);
    assert.deepEqual(rig.swaps, []);
    rig.busy = false;
    rig.failure = new Error('too slow');
    await rig.chunks(3, DRIFTED);
    assert.deepEqual(rig.swaps, [{ plan: '/plans/safe.json' }]);
    assert.match(rig.status.message, /cannot fall back to \/plans\/safe.json: too slow/);
  });

  it('forgets what belonged to a plan before', async () => {
    const rig = new Rig({ fallback: 'dense' });
    await rig.chunks(4, DRIFTED);
    rig.guard.use(WATCHED, {} as LoadOptions, parametersWith({ fallback: 'dense' }));
    const { monitor, fallback } = rig.guard.report()!;
    assert.deepEqual([monitor!.chunks, fallback.state], [0, 'off']);
    rig.guard.stop();
    assert.equal(rig.guard.report(), undefined);
  });

  it('has nothing to say without a reference, or when it is told not to look', async () => {
    const without = new Rig({}, LOADED);
    await without.chunks(5, DRIFTED);
    assert.equal(without.guard.report(), undefined);
    const told = new Rig({ monitor: false });
    await told.chunks(5, DRIFTED);
    assert.equal(told.guard.report(), undefined);
    told.guard.useParameters(parametersWith({ monitor: true }));
    await told.chunks(4, DRIFTED);
    assert.equal(told.guard.report()!.monitor!.level, 'drift');
  });
});
