import sharp from 'sharp';
import { z } from 'zod';
import { readBag } from '../bag/read_bag.js';
import { CameraFrame } from '../control/camera_frame.js';
import type { CameraSource } from '../control/observation_layout.js';
import { nanoseconds } from '../control/ros_messages.js';

/** What one camera of a policy saw, as a moving picture. */
export interface CameraFilm {
  /** Name of the observation source. */
  readonly name: string;
  readonly frames: number;
  /** Animated WebP, endless, in the policy's own pixels and at the recorded speed. */
  readonly webp: Buffer;
}

const stamped = z.object({
  header: z.object({ stamp: z.object({ sec: z.int(), nanosec: z.int() }) }),
});

/** Of an animated WebP; between two frames of a bag that are further apart lies another episode. */
const LONGEST_DELAY_MS = 1000;
const QUALITY = 85;

/**
 * The pictures of some cameras in a bag.
 * @param sources cameras of the policy, with the topics that the bag has
 * @param maxFrames of each camera; later pictures are left out
 * @throws BadInput when a picture cannot be read
 */
export async function cameraFilms(
  bag: string,
  sources: readonly CameraSource[],
  maxFrames: number,
): Promise<CameraFilm[]> {
  const films: CameraFilm[] = [];
  for (const source of sources) {
    const topic = `/${source.topic.replace(/^\//, '')}`;
    const frames: Buffer[] = [];
    const stampsMs: number[] = [];
    for await (const { message, schemaName } of readBag(bag, [topic])) {
      const frame = CameraFrame.of(source, schemaName, message, `${bag}, topic ${topic}`);
      frames.push(Buffer.from(await frame.rgb()));
      stampsMs.push(Number(nanoseconds(stamped.parse(message).header.stamp) / 1_000_000n));
      if (frames.length === maxFrames) break;
    }
    if (frames.length === 0) continue;
    films.push({
      name: source.name,
      frames: frames.length,
      webp: await film(frames, source.size, stampsMs),
    });
  }
  return films;
}

/** @param frames (height, width, 3) RGB each @param stampsMs of the frames, ascending */
async function film(
  frames: readonly Buffer[],
  [height, width]: readonly [number, number],
  stampsMs: readonly number[],
): Promise<Buffer> {
  const delay = stampsMs.map((at, i) =>
    Math.min(LONGEST_DELAY_MS, (stampsMs[i + 1] ?? at + LONGEST_DELAY_MS) - at),
  );
  const raw = { width, height: height * frames.length, channels: 3, pageHeight: height } as const;
  return sharp(Buffer.concat(frames), { raw })
    .webp({ quality: QUALITY, loop: 0, delay })
    .toBuffer();
}
