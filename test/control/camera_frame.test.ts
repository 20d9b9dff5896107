import assert from 'node:assert/strict';
import sharp from 'sharp';
import { CameraFrame } from '../../src/control/camera_frame.js';
import type { CameraSource } from '../../src/control/observation_layout.js';
import { BadInput } from '../../src/errors.js';

const RAW = 'sensor_msgs/msg/Image';
const COMPRESSED = 'sensor_msgs/msg/CompressedImage';
const WHERE = 'bag, topic /camera';

function source(height: number, width: number): CameraSource {
  return { name: 'front', topic: 'camera', type: RAW, size: [height, width] };
}

/** An Image message of these rows of bytes, each padded by `padding` bytes. */
function image(encoding: string, width: number, rows: number[][], padding = 0): object {
  const data = Uint8Array.from(rows.flatMap((row) => [...row, ...Array<number>(padding).fill(99)]));
  const step = rows[0]!.length + padding;
  return { height: rows.length, width, encoding, is_bigendian: 0, step, data };
}

const isBad =
  (what: RegExp) =>
  (error: unknown): boolean =>
    error instanceof BadInput && what.test(error.message);

describe('CameraFrame', () => {
  const encodings: Record<string, number[][]> = {
    rgb8: [
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10, 11, 12],
    ],
    bgr8: [
      [3, 2, 1, 6, 5, 4],
      [9, 8, 7, 12, 11, 10],
    ],
    rgba8: [
      [1, 2, 3, 0, 4, 5, 6, 0],
      [7, 8, 9, 0, 10, 11, 12, 0],
    ],
    bgra8: [
      [3, 2, 1, 0, 6, 5, 4, 0],
      [9, 8, 7, 0, 12, 11, 10, 0],
    ],
  };
  for (const [encoding, rows] of Object.entries(encodings)) {
    it(`reads ${encoding}, with and without padded rows`, async () => {
      for (const padding of [0, 5]) {
        const frame = CameraFrame.of(source(2, 2), RAW, image(encoding, 2, rows, padding), WHERE);
        assert.deepEqual(
          [...(await frame.rgb())],
          Array.from({ length: 12 }, (_, i) => i + 1),
        );
      }
    });
  }

  it('reads mono8 as grey, whatever is_bigendian says', async () => {
    const message = { ...image('mono8', 2, [[7, 8]]), is_bigendian: 1 };
    const frame = CameraFrame.of(source(1, 2), RAW, message, WHERE);
    assert.deepEqual([...(await frame.rgb())], [7, 7, 7, 8, 8, 8]);
  });

  it('reads the last row without its padding', async () => {
    const message = image(
      'rgb8',
      1,
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      1,
    ) as { data: Uint8Array };
    const cut = { ...message, data: message.data.subarray(0, 7) };
    const frame = CameraFrame.of(source(2, 1), RAW, cut, WHERE);
    assert.deepEqual([...(await frame.rgb())], [1, 2, 3, 4, 5, 6]);
  });

  it('resizes another resolution of the same aspect ratio, edges in their place', async () => {
    const rows = Array.from({ length: 48 }, (_, y) =>
      Array.from({ length: 64 * 3 }, () => (y < 24 ? 200 : 40)),
    );
    const frame = CameraFrame.of(source(12, 16), RAW, image('rgb8', 64, rows), WHERE);
    const rgb = await frame.rgb();
    assert.equal(rgb.length, 12 * 16 * 3);
    // Rows 5 and 6 touch the edge; the others see one colour only.
    assert.ok(rgb.subarray(0, 5 * 48).every((v) => v === 200));
    assert.ok(rgb.subarray(7 * 48).every((v) => v === 40));
  });

  it('takes the middle of a picture with another aspect ratio', async () => {
    // Left and right of the middle square of a 4:3 picture are other colours.
    const row = Array.from({ length: 16 }, (_, x) => (x < 2 ? 10 : x < 14 ? 100 : 250));
    const wide = CameraFrame.of(
      source(12, 12),
      RAW,
      image('mono8', 16, Array<number[]>(12).fill(row)),
      WHERE,
    );
    assert.deepEqual([...new Set(await wide.rgb())], [100]);
    const tall = CameraFrame.of(
      source(2, 4),
      RAW,
      image(
        'mono8',
        4,
        row.map((value) => Array<number>(4).fill(value)),
      ),
      WHERE,
    );
    assert.deepEqual([...new Set(await tall.rgb())], [100]);
  });

  it('allows a side to be rounded to whole pixels', async () => {
    const rows = Array.from({ length: 480 }, () => Array<number>(853).fill(0));
    const frame = CameraFrame.of(source(90, 160), RAW, image('mono8', 853, rows), WHERE);
    assert.equal((await frame.rgb()).length, 90 * 160 * 3);
  });

  it('refuses other encodings, naming those it reads', () => {
    assert.throws(
      () => CameraFrame.of(source(1, 1), RAW, image('16UC1', 1, [[1, 2]]), WHERE),
      isBad(
        /\/camera: encoding '16UC1' is not supported; use one of rgb8, bgr8, .* CompressedImage/,
      ),
    );
  });

  it('refuses pictures whose bytes do not make up their size', () => {
    const message = image('rgb8', 2, [[1, 2, 3, 4, 5, 6]]);
    for (const wrong of [{ height: 2 }, { step: 5 }, { width: 3 }, { height: 0 }, { width: 0 }]) {
      assert.throws(
        () => CameraFrame.of(source(1, 2), RAW, { ...message, ...wrong }, WHERE),
        isBad(/\/camera: a picture of/),
      );
    }
    assert.throws(() => CameraFrame.of(source(1, 2), RAW, {}, WHERE), isBad(/height is not what/));
  });

  it('is sent to another thread with a copy of its bytes only, and is the same there', async () => {
    const whole = new Uint8Array(1000).fill(9);
    const row = [1, 2, 3, 4, 5, 6];
    whole.set(row, 500);
    const data = Buffer.from(whole.buffer, 500, 6);
    const frame = CameraFrame.of(source(1, 2), RAW, { ...image('bgr8', 2, [row]), data }, WHERE);
    const plain = frame.toTransfer();
    assert.equal(plain.message.data.buffer.byteLength, 6);
    const sent = structuredClone(plain, { transfer: [plain.message.data.buffer as ArrayBuffer] });
    assert.deepEqual([...(await CameraFrame.fromTransfer(sent).rgb())], [3, 2, 1, 6, 5, 4]);
    assert.deepEqual([...(await frame.rgb())], [3, 2, 1, 6, 5, 4]);

    const broken = { format: 'png', data: Uint8Array.of(1, 2) };
    const compressed = CameraFrame.of(source(1, 2), COMPRESSED, broken, WHERE);
    const received = CameraFrame.fromTransfer(structuredClone(compressed.toTransfer()));
    await assert.rejects(received.rgb(), isBad(/topic \/camera: a compressed picture/));
  });

  describe('compressed', () => {
    const raw = { width: 16, height: 12, channels: 3 } as const;
    const red = Buffer.alloc(16 * 12 * 3, Buffer.from([220, 30, 60]));
    const frame = (data: Uint8Array, height = 12, width = 16): CameraFrame =>
      CameraFrame.of(source(height, width), COMPRESSED, { format: 'x', data }, WHERE);

    it('png is read exactly, alpha and grey too', async () => {
      const png = sharp(red, { raw }).png();
      assert.deepEqual(await frame(await png.toBuffer()).rgb(), red);
      const alpha = await sharp(red, { raw }).ensureAlpha(0.5).png().toBuffer();
      assert.deepEqual(await frame(alpha).rgb(), red);
      const grey = await sharp(Buffer.alloc(192, 77), { raw: { ...raw, channels: 1 } })
        .toColourspace('b-w')
        .png()
        .toBuffer();
      assert.deepEqual([...new Set(await frame(grey).rgb())], [77]);
    });

    it('jpeg is read, close to what it was', async () => {
      const rgb = await frame(await sharp(red, { raw }).jpeg({ quality: 95 }).toBuffer()).rgb();
      assert.ok(rgb.every((value, i) => Math.abs(value - red[i]!) <= 3));
    });

    it('is resized like a raw picture', async () => {
      const png = await sharp(red, { raw }).png().toBuffer();
      assert.deepEqual([...(await frame(png, 3, 4).rgb()).subarray(0, 3)], [220, 30, 60]);
    });

    it('refuses what is broken or of another format', async () => {
      const png = await sharp(red, { raw }).png().toBuffer();
      const webp = await sharp(red, { raw }).webp().toBuffer();
      await assert.rejects(
        frame(png.subarray(0, 60)).rgb(),
        isBad(/\/camera: a compressed picture/),
      );
      await assert.rejects(frame(Buffer.from('nonsense')).rgb(), isBad(/cannot be read/));
      await assert.rejects(frame(webp).rgb(), isBad(/webp is not jpeg or png/));
    });

    it('refuses a picture of too many pixels before decoding it', async () => {
      const png = await sharp(red, { raw }).png().toBuffer();
      png.writeUInt32BE(60_000, 16);
      png.writeUInt32BE(60_000, 20);
      await assert.rejects(frame(png).rgb(), isBad(/cannot be read/));
    });
  });
});
