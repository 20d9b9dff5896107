import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { PolicyNode, TRANSITIONS } from '../../support/policy_node.js';
import { RosPeer } from '../../support/ros_peer.js';
import { liftPolicy } from '../../support/ros_policies.js';
import type { Ended } from '../../support/ros_process.js';
import { Scene } from '../../support/ros_scene.js';
import { requireRos } from '../ros_environment.js';

/** Where the node is when the signal comes. */
const MOMENTS: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  'when it is unconfigured': async () => Promise.resolve(),
  'while it configures': async ({ node }) => {
    void node.request(TRANSITIONS.configure).catch(() => undefined);
    await sleep(30);
  },
  'when it is inactive': async ({ node }) => node.change('configure', 'inactive'),
  'under load': async (scene) => {
    await scene.goActive();
    await scene.feed();
    await scene.flows(1);
  },
  'while it loads another plan': async (scene) => {
    await scene.goActive();
    await scene.feed();
    await scene.flows(1);
    const { otherPlan } = await liftPolicy();
    const request = { plan: otherPlan.path };
    const service = scene.node.own('load_policy');
    void scene.peer.call(service, 'bac_policy/srv/LoadPolicy', request).catch(() => undefined);
    await sleep(30);
  },
};

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

describe('ended by a signal', () => {
  let peer: RosPeer;
  let early = 0;
  before(function () {
    requireRos(this);
    peer = new RosPeer();
  });
  after(async () => peer?.stop());

  for (const [when, reach] of Object.entries(MOMENTS)) {
    // ^C in a terminal is an end like any other.
    for (const signal of when === 'under load' ? SIGNALS : SIGNALS.slice(0, 1)) {
      it(`leaves with 0 at once: ${signal} ${when}`, async () => {
        const name = `node_${Object.keys(MOMENTS).indexOf(when)}_${signal.toLowerCase()}`;
        const scene = await Scene.begin(await liftPolicy(), {}, { name, peer });
        try {
          await reach(scene);
        } finally {
          await peer.unstream();
        }
        const { code, signal: by, ms } = await scene.node.stop(signal);
        const { output } = scene.node.process;
        assert.deepEqual({ code, by }, { code: 0, by: null }, output);
        assert.ok(ms < 5000, `${ms} ms`);
        assert.doesNotMatch(
          output,
          /terminate called|core dumped|Assertion|UnhandledPromise|^ +at /m,
        );
      });
    }
  }

  for (const delayMs of [0, 50, 100, 200, 400]) {
    it(`never aborts: SIGTERM ${delayMs} ms after its start`, async () => {
      const { code, signal, output } = await endEarly(() => sleep(delayMs));
      // Until Node runs the program's first lines, the signal has its usual effect.
      assert.ok(code === 0 || signal === 'SIGTERM', `${code} ${signal}: ${output}`);
    });
  }

  for (const delayMs of [0, 150, 300]) {
    it(`leaves with 0 at once: SIGTERM ${delayMs} ms after it was first seen`, async () => {
      const { code, signal, output } = await endEarly(async (name) => {
        const seen = async (): Promise<boolean> =>
          (await peer.ask<string[]>('nodes')).includes(name);
        await peer.until('the node', seen);
        await sleep(delayMs);
      });
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, output);
    });
  }

  /** Starts a node that goes active by itself and ends it some time later. */
  async function endEarly(
    until: (name: string) => Promise<unknown>,
  ): Promise<Ended & { output: string }> {
    const parameters = { policy: (await liftPolicy()).directory, autostart: true };
    const node = new PolicyNode(peer, parameters, { name: `early_${early++}` });
    await until(node.fullName);
    return { ...(await node.stop('SIGTERM')), output: node.process.output };
  }
});
