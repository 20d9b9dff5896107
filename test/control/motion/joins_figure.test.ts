import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { joinedMotion, joinsFigure, type Meeting, meetingOfChunks } from './joins_figure.js';

const FIGURE = fileURLToPath(new URL('../../../../docs/images/joins.svg', import.meta.url));
/** px; processors round otherwise. */
const TOLERANCE = 1;

describe('Two chunks of a real policy', () => {
  let meeting: Meeting;
  before(async () => {
    meeting = await meetingOfChunks();
  });

  for (const mode of ['replace', 'blend', 'ensemble', 'rtc'] as const) {
    it(`are joined without a step of position or velocity: ${mode}`, () => {
      const [before, after] = joinedMotion(meeting, mode).border;
      for (const [joint, [position, velocity]] of before.entries()) {
        assert.ok(Math.abs(position - after[joint]![0]) < 1e-6, 'rad');
        assert.ok(Math.abs(velocity - after[joint]![1]) < 1e-4, 'rad/s');
      }
    });
  }

  it('differ, and with rtc the new one begins as the old one goes on', () => {
    const { old, free, bound, spec } = meeting;
    const width = spec.jointNames.length;
    const apart = (chunk: Meeting['old'], row: number): number =>
      Math.max(
        ...spec.jointNames.map((_, joint) =>
          Math.abs(chunk.action[row * width + joint]! - old.action[(row + 4) * width + joint]!),
        ),
      );
    assert.ok(apart(free, 0) > 0.01, `${apart(free, 0)} rad`);
    // One row is executed before the new chunk comes; that after it is nearly bound.
    assert.ok(apart(bound, 0) < 1e-4, `${apart(bound, 0)} rad`);
    assert.ok(apart(bound, 1) < 0.5 * apart(free, 1));
  });

  // BAC_POLICY_DRAW=1 writes it.
  it('are in the documentation as they are joined', () => {
    const drawn = joinsFigure(meeting);
    if (process.env['BAC_POLICY_DRAW']) writeFileSync(FIGURE, drawn);
    const numbers = (svg: string): number[] => (svg.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
    const [now, then] = [drawn, readFileSync(FIGURE, 'utf8')].map(numbers) as [number[], number[]];
    assert.equal(now.length, then.length);
    now.forEach((value, i) => assert.ok(Math.abs(value - then[i]!) <= TOLERANCE));
  });
});
