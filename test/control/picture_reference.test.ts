import assert from 'node:assert/strict';
import { driftConstants, readDriftReference } from '../../src/control/drift_constants.js';
import { DriftMonitor } from '../../src/control/drift_monitor.js';
import { driftReference } from '../../src/control/drift_reference.js';
import {
  type EpisodeThumbnails,
  pictureDistance,
  pictureReference,
} from '../../src/control/picture_reference.js';
import { thumbnail } from '../../src/control/thumbnail.js';
import { conditionAt, episodesOf, WIDTH } from '../support/drifting_episodes.js';
import { normals, SeededRandom } from '../support/seeded_random.js';

const SIZE: [number, number] = [60, 72];
/** What stands still in front of the camera: blotches of some ten pixels. */
const SCENE = Array.from({ length: 120 * 120 }, (_, i) => {
  const [y, x] = [Math.floor(i / 120), i % 120];
  return 120 + 60 * Math.sin(x / 6 + 1) * Math.cos(y / 5) + 30 * Math.sin((x + 2 * y) / 9);
});

/** A picture of the scene with a dark robot somewhere, camera moved by some pixels, brightness changed. */
function picture(robot: number, noise: number, moved = 0, gain = 1): Uint8Array {
  const [height, width] = SIZE;
  const rgb = new Uint8Array(height * width * 3);
  const grain = normals(noise, height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isRobot = Math.abs(x - robot) < 8 && y > 20;
      const value = isRobot ? 20 : SCENE[(y + 10) * 120 + x + 10 + moved]!;
      const seen = gain * value + 2 * grain[y * width + x]!;
      rgb.fill(Math.max(0, Math.min(255, seen)), (y * width + x) * 3, (y * width + x) * 3 + 3);
    }
  }
  return rgb;
}

/** Episodes in which the robot moves from somewhere to somewhere. */
function seen(seed: number, count: number): EpisodeThumbnails {
  const random = new SeededRandom(seed);
  const thumbnails: Float32Array[] = [];
  const episodes: number[] = [];
  for (let episode = 0; episode < count; episode++) {
    const [from, to] = [random.below(72), random.below(72)];
    for (let t = 0; t < 6; t++) {
      const robot = from + ((to - from) * t) / 5;
      thumbnails.push(thumbnail(picture(robot, seed * 1000 + thumbnails.length), SIZE));
      episodes.push(episode);
    }
  }
  return { thumbnails, episodes };
}

describe('thumbnail', () => {
  it('holds the mean brightness of its cells', () => {
    const rgb = new Uint8Array(24 * 36 * 3);
    rgb.fill(255, 0, 36 * 3 * 2);
    const small = thumbnail(rgb, [24, 36]);
    assert.deepEqual([...small.subarray(0, 12)], Array(12).fill(1));
    assert.deepEqual([...small.subarray(12)], Array(132).fill(0));
  });

  it('takes pictures whose size is no multiple of its own, and smaller ones', () => {
    const grey = thumbnail(new Uint8Array(85 * 31 * 3).fill(51), [85, 31]);
    assert.ok(grey.every((value) => Math.abs(value - 0.2) < 1e-6));
    assert.equal(thumbnail(new Uint8Array(12), [2, 2]).length, 144);
  });
});

describe('the reference of a camera', () => {
  const reference = pictureReference(seen(1, 6));

  it('takes the robot elsewhere for usual', () => {
    const { thumbnails } = seen(2, 6);
    const beyond = thumbnails.filter((one) => pictureDistance(reference, one) > 1).length;
    assert.ok(beyond <= 0.1 * thumbnails.length, `${beyond} of ${thumbnails.length}`);
  });

  it('sees a camera that was moved by two pixels, and other light', () => {
    for (const [moved, gain] of [
      [2, 1],
      [-3, 1],
      [0, 0.9],
    ] as const) {
      const small = thumbnail(picture(30, 9, moved, gain), SIZE);
      assert.ok(pictureDistance(reference, small) > 1.5, `${moved} ${gain}`);
    }
  });

  it('does with one episode, and not with none', () => {
    assert.ok(pictureReference(seen(1, 1)).threshold > 0);
    assert.throws(() => pictureReference({ thumbnails: [], episodes: [] }), RangeError);
  });

  it('is kept in the constants of a plan, and the monitor names the camera', () => {
    const { conditions, episodes } = episodesOf(1, 20);
    const made = driftReference(conditions, episodes, new Map([['front', seen(1, 6)]]));
    const read = readDriftReference(driftConstants(made), WIDTH, 'plan')!;
    assert.deepEqual(read.pictures.get('front')!.usual, reference.usual);
    const monitor = new DriftMonitor(read);
    const usual = conditionAt(episodesOf(2, 1), 5);
    const show = (moved: number): void => {
      const thumbnails = new Map([['front', thumbnail(picture(30, 9, moved), SIZE)]]);
      for (let i = 0; i < 4; i++) monitor.observe(usual, thumbnails);
    };
    show(0);
    monitor.observe(usual);
    assert.equal(monitor.level, 'ok');
    show(4);
    assert.deepEqual([monitor.level, monitor.report().outOfRange], ['drift', 'front']);
  });
});
