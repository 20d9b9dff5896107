import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import sharp from 'sharp';
import type { CameraSource } from '../../src/control/observation_layout.js';
import { cameraFilms } from '../../src/report/camera_film.js';
import { header, makeMcap } from '../bag/make_bag.js';
import { temporaryDirectory } from '../bag/temporary_directory.js';

const [HEIGHT, WIDTH] = [8, 12];
const TYPE = 'sensor_msgs/msg/Image';
const camera = (topic: string): CameraSource => ({
  ...{ name: topic, topic, type: TYPE, size: [HEIGHT, WIDTH] },
});

/** A picture of one grey. */
function picture(stampMs: number, grey: number): unknown {
  return {
    ...{ header: header(BigInt(stampMs) * 1_000_000n), height: HEIGHT, width: WIDTH },
    ...{ encoding: 'rgb8', is_bigendian: 0, step: 3 * WIDTH },
    data: new Uint8Array(3 * WIDTH * HEIGHT).fill(grey),
  };
}

describe('camera film', () => {
  const directory = temporaryDirectory();
  let bag: string;

  beforeEach(async () => {
    const stamps = [1000, 1050, 1100, 9000];
    bag = directory.at('bag.mcap');
    const messages = stamps.map((stampMs, i) => ({
      ...{ topic: '/camera', type: TYPE, logTimeNs: BigInt(stampMs + 5) * 1_000_000n },
      message: picture(stampMs, 60 * i),
    }));
    writeFileSync(bag, await makeMcap(messages));
  });

  it('shows the pictures in their order, as fast as they were taken', async () => {
    const [film] = await cameraFilms(bag, [camera('camera')], 10);
    assert.equal(film!.frames, 4);
    const { pages, delay, width, pageHeight, loop } = await sharp(film!.webp, {
      animated: true,
    }).metadata();
    // Between episodes it stops for a second, not for as long as the robot stood still.
    assert.deepEqual(
      { pages, delay, width, pageHeight, loop },
      { pages: 4, delay: [50, 50, 1000, 1000], width: WIDTH, pageHeight: HEIGHT, loop: 0 },
    );
    for (let page = 0; page < 4; page++) {
      const pixels = await sharp(film!.webp, { page }).removeAlpha().raw().toBuffer();
      assert.ok(Math.abs(pixels[0]! - 60 * page) <= 4, `picture ${page} has ${pixels[0]}`);
    }
  });

  it('stops after so many, and leaves out cameras that the bag has no pictures of', async () => {
    const films = await cameraFilms(bag, [camera('camera'), camera('other')], 2);
    assert.deepEqual(
      films.map(({ name, frames }) => [name, frames]),
      [['camera', 2]],
    );
  });
});
