import assert from 'node:assert/strict';
import { nanoseconds } from '../../../src/control/ros_messages.js';
import { jointStates } from '../../support/ros_inputs.js';
import { liftPolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';
import { HOLD_MS, type Scene } from '../../support/ros_scene.js';

/** Messages at the ticks' own rate may be stamped beside them by what numbers are rounded, ns. */
const ROUNDING_NS = 1000n;

/** A few chunks, in whose observations time never goes back. */
async function chunksInOrder(scene: Scene): Promise<void> {
  const chunks = await scene.flows(4);
  const stamps = chunks.map(({ message }) => nanoseconds(message.header.stamp));
  assert.deepEqual(
    stamps,
    [...new Set(stamps)].sort((a, b) => Number(a - b)),
  );
  for (const { message } of chunks) {
    const seen = message.observation_stamps.map(nanoseconds);
    assert.ok(seen.every((stamp, i) => i === 0 || stamp >= seen[i - 1]!));
    const late = seen.at(-1)! - nanoseconds(message.header.stamp);
    assert.ok(late <= ROUNDING_NS, `nothing from after the tick, but ${late} ns`);
  }
}

scenario('stamps are out of order', liftPolicy, {}, (scene) => {
  it('goes on when some messages come twice', async () => {
    await scene().peer.stream(jointStates(), { hz: 100, repeat: 2 });
    await chunksInOrder(scene());
    await scene().isWell();
  });

  it('goes on when messages overtake each other', async () => {
    await scene().peer.stream(jointStates(), { hz: 100, offsets_ms: [0, -15, -5, -30] });
    await chunksInOrder(scene());
    await scene().isWell();
  });

  for (const [what, offset] of [
    ['an hour ago', -3_600_000],
    ['in an hour', 3_600_000],
    ['in 1970', -Date.now()],
  ] as const) {
    it(`holds when they are stamped ${what}`, async () => {
      const options = { hz: 50, offsets_ms: [offset] };
      const send = async (): Promise<number> => scene().peer.stream(jointStates(), options);
      assert.ok((await scene().holdsAfter(send, 'stale_input')) < 105 + HOLD_MS);
      await scene().says(/joint_positions/);
      await scene().isSilent(300);
      await scene().peer.stream(jointStates(), { hz: 50 });
      await chunksInOrder(scene());
      await scene().isWell();
    });
  }

  it('counts what it left out', async () => {
    const text = JSON.stringify(await scene().diagnostics());
    for (const why of [/duplicate/i, /order|older/i, /future/i, /too.old/i])
      assert.match(text, why);
  });
});
