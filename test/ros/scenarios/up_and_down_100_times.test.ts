import assert from 'node:assert/strict';
import { TRANSITIONS, type LifecycleState } from '../../support/policy_node.js';
import { getParameters, setParameter } from '../../support/ros_parameters.js';
import { liftPolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';
import type { Scene } from '../../support/ros_scene.js';

const VALID: Readonly<Record<'unconfigured' | 'inactive' | 'active', readonly number[]>> = {
  unconfigured: [TRANSITIONS.configure, TRANSITIONS.unconfigured_shutdown],
  inactive: [TRANSITIONS.cleanup, TRANSITIONS.activate, TRANSITIONS.inactive_shutdown],
  active: [TRANSITIONS.deactivate, TRANSITIONS.active_shutdown],
};
/** All that the message defines, and some that nothing does. */
const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 40, 50, 60, 62, 70, 97, 98, 99, 100, 200, 255];

/** Asks for every transition there is not; the node must refuse and stay as it is. */
async function refusesAllBut(scene: Scene, state: keyof typeof VALID): Promise<void> {
  for (const id of ALL.filter((one) => !VALID[state].includes(one))) {
    assert.equal(await scene.node.request(id), false, `transition ${id} while ${state}`);
  }
  assert.equal(await scene.node.request(255, 'fly'), false);
  assert.equal(await scene.node.state(), state);
}

scenario('up and down 100 times', liftPolicy, { running: false }, (scene) => {
  it('refuses every transition that there is not, in every state', async () => {
    await refusesAllBut(scene(), 'unconfigured');
    await scene().node.change('configure', 'inactive');
    await refusesAllBut(scene(), 'inactive');
    await scene().node.change('activate', 'active');
    await scene().feed();
    await scene().flows(1);
    await refusesAllBut(scene(), 'active');
    await scene().flows(1);
    await scene().node.change('deactivate', 'inactive');
    await scene().node.change('cleanup', 'unconfigured');
  });

  it('says which transitions there are', async () => {
    const { available_transitions: available } = await scene().peer.call<{
      available_transitions: { transition: { id: number } }[];
    }>(scene().node.own('get_available_transitions'), 'lifecycle_msgs/srv/GetAvailableTransitions');
    assert.deepEqual(
      available.map(({ transition }) => transition.id).sort((a, b) => a - b),
      VALID.unconfigured,
    );
  });

  it('comes back from a policy that cannot be loaded, and says why', async () => {
    const { peer, node } = scene();
    const [policy] = (await getParameters(peer, node, ['policy'])) as [string];
    await setParameter(peer, node, 'policy', ['string', '/no/such/policy']);
    await node.request(TRANSITIONS.configure);
    await node.reaches('unconfigured');
    assert.match(node.process.output, /no\/such\/policy/);
    await scene().says(/no\/such\/policy/);
    await refusesAllBut(scene(), 'unconfigured');
    assert.equal(await setParameter(peer, node, 'policy', ['string', policy]), undefined);
    await scene().node.goActive();
    await scene().flows(1);
    await scene().node.change('deactivate', 'inactive');
    await scene().node.change('cleanup', 'unconfigured');
  });

  it('stays alive while it configures', async () => {
    const { peer, node } = scene();
    const configured = node.request(TRANSITIONS.configure);
    const states = new Set<string>();
    const answers: number[] = [];
    for (let state = ''; state !== 'inactive';) {
      const begin = performance.now();
      state = await node.state();
      await getParameters(peer, node, ['policy']);
      answers.push((performance.now() - begin) / 2);
      states.add(state);
      // Also once it is inactive there is no such transition.
      assert.equal(await node.request(TRANSITIONS.configure), false);
    }
    assert.equal(await configured, true);
    assert.ok(states.has('configuring'));
    assert.ok(Math.max(...answers) < 250, `${Math.max(...answers)} ms for an answer`);
    await node.change('cleanup', 'unconfigured');
  });

  it('is as large after 100 rounds as after 20', async function () {
    this.timeout(300_000);
    await scene().peer.unstream();
    const sizes: number[] = [];
    for (let round = 0; round < 100; round++) {
      for (const [name, to] of [
        ['configure', 'inactive'],
        ['activate', 'active'],
        ['deactivate', 'inactive'],
        ['cleanup', 'unconfigured'],
      ] as const satisfies readonly (readonly [string, LifecycleState])[]) {
        await scene().node.change(name, to);
      }
      sizes.push(scene().node.residentBytes());
    }
    // A collection of garbage more or less must not decide: the middle one of ten.
    const middle = (from: number): number =>
      sizes.slice(from, from + 10).sort((a, b) => a - b)[5]! / 2 ** 20;
    const [before, after] = [middle(20), middle(90)];
    assert.ok(
      after <= before * 1.02,
      `${before.toFixed(1)} MiB, then ${after.toFixed(1)}: ` +
        sizes.map((bytes) => (bytes / 2 ** 20).toFixed(0)).join(' '),
    );
  });
});
