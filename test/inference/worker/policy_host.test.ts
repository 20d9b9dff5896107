import assert from 'node:assert/strict';
import { InferenceWorker } from '../../../src/inference/worker/inference_worker.js';
import type { LoadOptions } from '../../../src/inference/worker/loaded_policy.js';
import { PolicyHost } from '../../../src/inference/worker/policy_host.js';
import { BadInput } from '../../../src/errors.js';
import { liftPolicy, type RunnablePolicy } from '../../support/ros_policies.js';
import { windowFor } from './observations.js';

const NOISE = { seed: 1, index: 0 };

/** A program for the thread that loads anything and fails at the first chunk. */
const FAILING = new URL(
  `data:text/javascript,import { parentPort } from 'node:worker_threads';
  parentPort.on('message', ({ kind }) => {
    if (kind === 'chunk') throw new Error('out of luck');
    parentPort.postMessage({ kind: 'result', result: {} });
  });
  parentPort.postMessage({ kind: 'ready' });`,
);

/** A program for the thread that loads anything, and whose first chunks fail as those of a GPU that is gone. */
const LOST = new URL(
  `data:text/javascript,import { parentPort } from 'node:worker_threads';
  let asked = 0;
  parentPort.on('message', ({ kind, index }) => {
    const lost = { message: 'the device is gone' };
    const bad = { what: 'is no picture', where: 'front', todo: 'send one' };
    const answers = { lost: { kind: 'failed', error: lost }, bad: { kind: 'failed', error: bad } };
    const fine = { kind: 'result', result: {} };
    parentPort.postMessage((kind === 'chunk' && answers[['bad', 'lost'][index]]) || fine);
  });
  parentPort.postMessage({ kind: 'ready' });`,
);

describe('PolicyHost', () => {
  let lift: RunnablePolicy;
  let options: LoadOptions;
  let other: LoadOptions;
  let host: PolicyHost;
  before(async () => {
    lift = await liftPolicy();
    const common = { policy: lift.directory, provider: 'cpu', threads: 1 } as const;
    options = { ...common, plan: lift.plan.path, providerFallback: false };
    other = { ...options, plan: lift.otherPlan.path };
  });
  beforeEach(() => {
    host = new PolicyHost();
  });
  afterEach(async () => host.close());

  const action = async (): Promise<Float32Array> =>
    (await host.chunk(windowFor(lift.policy, 1), NOISE)).action;

  it('swaps plans while chunks go on: none is lost, each is of one plan or the other', async () => {
    await host.prepare(other);
    host.activate();
    const wanted = await action();
    await host.prepare(options);
    host.activate();
    const first = await action();
    assert.notDeepEqual(first, wanted);

    const window = windowFor(lift.policy, 1);
    const actions: Float32Array[] = [];
    let during = 0;
    let prepared = false;
    const preparing = host.prepare(other).then(({ planSha256 }) => {
      assert.equal(planSha256, lift.otherPlan.sha256);
      prepared = true;
    });
    while (!prepared) {
      actions.push((await host.chunk(window, NOISE)).action);
      during++;
    }
    await preparing;
    const last = host.chunk(window, NOISE);
    host.activate();
    // The samples are known to the old thread only.
    const next = host.chunk(window, NOISE);
    actions.push((await last).action);
    assert.ok(during >= 2, `${during} chunks were made while the other plan was loaded`);
    for (const made of actions) assert.deepEqual(made, first);
    assert.deepEqual((await next).action, wanted);
  });

  it('gives up what it prepares when something else is wanted, or nothing', async () => {
    const givenUp = host.prepare(options);
    const rejected = assert.rejects(givenUp, /^Error: given up: another policy/);
    await host.prepare(other);
    await rejected;
    host.activate();

    // Given up while a thread is loading.
    const loading = host.prepare(options);
    const failed = assert.rejects(loading, /given up/);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await host.discard();
    await failed;
    assert.throws(() => host.activate(), /no policy is prepared/);

    await host.prepare(options);
    await host.discard();
    assert.throws(() => host.activate(), /no policy is prepared/);
    await action();
  });

  it('keeps the active policy when another one cannot be loaded', async () => {
    await host.prepare(options);
    host.activate();
    const before = await action();
    await assert.rejects(host.prepare({ ...options, policy: '/no/such' }), BadInput);
    assert.throws(() => host.activate(), /no policy is prepared/);
    assert.deepEqual(await action(), before);
  });

  it('frees all, and begins anew in the same thread', async () => {
    let threads = 0;
    host = new PolicyHost({
      start: async (workerOptions) => {
        threads++;
        return InferenceWorker.start(workerOptions);
      },
    });
    await assert.rejects(action(), /no policy is active/);
    for (let round = 0; round < 3; round++) {
      await host.prepare(options);
      host.activate();
      await action();
      await host.unload();
      await assert.rejects(action(), /no policy is active/);
    }
    assert.equal(threads, 1);
  });

  it('ends a thread whose chunks fail one after the other, but not for what they are made of', async () => {
    const crashes: string[] = [];
    const lost = new PolicyHost({
      start: async (given) => InferenceWorker.start({ ...given, program: LOST }),
      onCrash: ({ message }) => crashes.push(message),
    });
    await lost.prepare(options);
    lost.activate();
    const window = windowFor(lift.policy, 1);
    const [BAD, GONE, FINE] = [0, 1, 2];
    const ask = async (...all: number[]): Promise<void> => {
      for (const index of all) await lost.chunk(window, { seed: 1, index }).catch(() => undefined);
    };
    await ask(BAD, BAD, BAD, BAD, GONE, GONE, FINE, GONE, GONE);
    assert.deepEqual(crashes, []);
    assert.equal(lost.hasFailed, false);
    await ask(GONE);
    assert.deepEqual(crashes, ['3 chunks in a row failed, the last one: the device is gone']);
    assert.equal(lost.hasFailed, true);
    await lost.prepare(options);
    lost.activate();
    await ask(FINE);
    assert.equal(lost.hasFailed, false);
    await lost.close();
  });

  it('says when the active thread fails, and goes on with another one', async () => {
    const crashes: string[] = [];
    let program: URL | undefined = FAILING;
    host = new PolicyHost({
      onCrash: ({ message }) => crashes.push(message),
      start: async (workerOptions) =>
        InferenceWorker.start({ ...workerOptions, ...(program && { program }) }),
    });
    await host.prepare(options);
    host.activate();
    await assert.rejects(action(), /thread ended unexpectedly: out of luck/);
    assert.deepEqual(crashes, ['the inference thread ended unexpectedly: out of luck']);

    program = undefined;
    await host.prepare(options);
    host.activate();
    await action();
    assert.equal(crashes.length, 1);
  });

  it('is closed at any time', async () => {
    const starting = assert.rejects(host.prepare(options));
    await host.close();
    await starting;
    await assert.rejects(host.prepare(options), /closed/);
    await assert.rejects(action(), /no policy is active/);

    host = new PolicyHost();
    await host.prepare(options);
    host.activate();
    const loading = assert.rejects(host.prepare(other));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await host.close();
    await loading;
  });
});
