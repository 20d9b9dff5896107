import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import { readChunks, readSentTargets } from '../../src/report/joint_motion.js';

const BAG = 'demo/lift_tiny/bag';
const PERIOD_NS = 50_000_000n;

describe('joint motions of a bag', () => {
  it('reads chunks, and what was sent at the time each target is for', async () => {
    const chunks = await readChunks(BAG, '/policy/joint_trajectory');
    assert.equal(chunks.jointNames.length, 8);
    assert.deepEqual([...new Set(chunks.pieces.map((piece) => piece.length))], [8]);
    const names = [...chunks.jointNames].reverse();
    const sent = await readSentTargets(BAG, '/executed_joint_target', names, PERIOD_NS);
    assert.equal(sent.pieces.length, 2, 'one piece per episode');
    // The robot was sent these very chunks, action by action.
    const byTime = new Map(sent.pieces.flat().map((target) => [target.timeNs, target.positions]));
    const executed = chunks.pieces.flat().filter(({ timeNs }) => byTime.has(timeNs));
    assert.ok(executed.length > 80, `${executed.length} targets at the times of the chunks`);
    for (const { timeNs, positions } of executed) {
      const reversed = byTime.get(timeNs)!.toReversed();
      for (const [joint, position] of positions.slice(0, 7).entries()) {
        assert.ok(Math.abs(position - reversed[joint]!) < 1e-6);
      }
    }
  });

  it('says what a bag does not hold', async () => {
    const refused = (what: RegExp) => (error: unknown) =>
      error instanceof BadInput && what.test(error.message);
    await assert.rejects(readChunks(BAG, '/nothing'), refused(/no message on \/nothing/));
    await assert.rejects(
      readChunks(BAG, '/joint_states'),
      refused(/joint_names is not as expected/),
    );
    await assert.rejects(
      readSentTargets(BAG, '/joint_states', ['elbow'], PERIOD_NS),
      refused(/no joint elbow/),
    );
  });
});
