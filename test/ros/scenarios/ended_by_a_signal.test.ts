import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PolicyNode, TRANSITIONS } from '../../support/policy_node.js';
import { RosPeer } from '../../support/ros_peer.js';
import { liftPolicy } from '../../support/ros_policies.js';
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

describe('ended by a signal', () => {
  let peer: RosPeer;
  before(function () {
    requireRos(this);
    peer = new RosPeer();
  });
  after(async () => peer?.stop());

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    for (const [when, reach] of Object.entries(MOMENTS)) {
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
    it(`leaves with 0 at once: SIGTERM ${delayMs} ms after it can take it`, async () => {
      const parameters = { policy: (await liftPolicy()).directory, autostart: true };
      const node = new PolicyNode(peer, parameters, { name: 'early' });
      for (let waited = 0; !handlesSigterm(node.process.child.pid!); waited += 5) {
        assert.ok(waited < 5000, 'never');
        await sleep(5);
      }
      await sleep(delayMs);
      const { code, signal } = await node.stop('SIGTERM');
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, node.process.output);
    });
  }
});

/** Whether a process has a handler of its own for SIGTERM (15); before, the signal just ends it. */
function handlesSigterm(pid: number): boolean {
  const [, caught] = /SigCgt:\s+([0-9a-f]+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return ((BigInt(`0x${caught}`) >> 14n) & 1n) === 1n;
}
