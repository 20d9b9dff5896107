import assert from 'node:assert/strict';
import { nanoseconds, type ActionChunkMessage } from '../../../src/control/ros_messages.js';
import { setParameter } from '../../support/ros_parameters.js';
import { liftPolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';

/** A machine that is busy with other things for a moment must not end an episode. */
const PARAMETERS = { max_age_ms: 1000, join: 'replace' };
const CHUNKS = 8;

/** How far apart two chunks are in the first action of the later one, over all joints and borders. */
function apart(chunks: readonly ActionChunkMessage[]): number {
  const distances = chunks.slice(1).flatMap((chunk, i) => {
    const before = chunks[i]!;
    const passedNs = nanoseconds(chunk.header.stamp) - nanoseconds(before.header.stamp);
    const passed = Math.round((Number(passedNs) / 1e9) * chunk.rate_hz);
    const width = chunk.action_dim;
    // With nothing left of the one before there is nothing to go on from.
    if (passed >= before.n_actions) return [];
    return Array.from({ length: width }, (_, joint) =>
      Math.abs(chunk.actions[joint]! - before.actions[passed * width + joint]!),
    );
  });
  assert.ok(distances.length > 0, 'chunks overlap');
  return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
}

scenario('chunks that go on from each other', liftPolicy, { parameters: PARAMETERS }, (scene) => {
  it('are denoised so with rtc, and stand alone otherwise', async () => {
    const { peer, node } = scene();
    const observed = async (): Promise<number> => {
      await scene().flows(1);
      return apart((await scene().flows(CHUNKS)).map(({ message }) => message));
    };
    const alone = await observed();
    await setParameter(peer, node, 'join', ['string', 'rtc']);
    const bound = await observed();
    assert.ok(bound < 0.5 * alone, `${bound} with rtc, ${alone} without, rad`);
    await setParameter(peer, node, 'join', ['string', 'replace']);
    const again = await observed();
    assert.ok(bound < 0.5 * again, `${bound} with rtc, ${again} without, rad`);
  });
});
