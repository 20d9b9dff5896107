import assert from 'node:assert/strict';
import { sendWildChunks } from './wild_chunks.js';

describe('MotionExecutor, told whatever comes to mind', () => {
  it('sends only what a controller accepts, and leaves no limit', () => {
    const { kinds, slowed, clamped, holds } = sendWildChunks(5000, 1);
    assert.ok(kinds['sent']! > 2000 && kinds['refused']! > 100 && kinds['over']! > 10);
    assert.ok(slowed > 500 && clamped > 500 && holds > 50);
  }).timeout(60_000);
});
