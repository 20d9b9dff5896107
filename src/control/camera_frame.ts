import sharp from 'sharp';
import { z } from 'zod';
import { BadInput, messageOf } from '../errors.js';
import type { CameraSource } from './observation_layout.js';
import { parseMessage } from './parse_message.js';

/** Pictures with more pixels than this are refused before they are decoded (8192 x 8192). */
const MAX_PIXELS = 8192 * 8192;

/** Bytes per pixel and where red, green and blue lie in it. */
const ENCODINGS: Readonly<
  Record<string, { bytes: number; rgb: readonly [number, number, number] }>
> = {
  rgb8: { bytes: 3, rgb: [0, 1, 2] },
  bgr8: { bytes: 3, rgb: [2, 1, 0] },
  rgba8: { bytes: 4, rgb: [0, 1, 2] },
  bgra8: { bytes: 4, rgb: [2, 1, 0] },
  mono8: { bytes: 1, rgb: [0, 0, 0] },
};

const size = z.int().nonnegative();
const bytes = z.instanceof(Uint8Array);
const image = z.object({
  height: size,
  width: size,
  encoding: z.string(),
  step: size,
  data: bytes,
});
const compressedImage = z.object({ format: z.string(), data: bytes });

const RAW = 'sensor_msgs/msg/Image';
const COMPRESSED = 'sensor_msgs/msg/CompressedImage';

/** The contents of a picture's message, by the message's type. */
type Picture =
  | { readonly type: typeof RAW; readonly message: z.infer<typeof image> }
  | { readonly type: typeof COMPRESSED; readonly message: z.infer<typeof compressedImage> };

/** A {@link CameraFrame} as plain data that can be sent to another thread. */
export type CameraFrameTransfer = Picture & {
  readonly source: CameraSource;
  readonly where: string;
};

/** Pixels, (height, width, 3) row-major RGB. */
interface Pixels {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** One picture of a camera, decoded when (and if) somebody asks for it. */
export class CameraFrame {
  readonly #source: CameraSource;
  readonly #where: string;
  readonly #picture: Picture;

  private constructor(source: CameraSource, where: string, picture: Picture) {
    this.#source = source;
    this.#where = where;
    this.#picture = picture;
  }

  /**
   * @param type the message's type, sensor_msgs/msg/Image or sensor_msgs/msg/CompressedImage
   * @param where the topic, for error messages
   * @throws BadInput when the encoding, the size or the shape of the picture cannot be used
   */
  static of(source: CameraSource, type: string, message: unknown, where: string): CameraFrame {
    if (type === COMPRESSED) {
      const compressed = parseMessage(compressedImage, message, type, where);
      return new CameraFrame(source, where, { type: COMPRESSED, message: compressed });
    }
    const raw = parseMessage(image, message, type, where);
    checkRaw(raw, where);
    return new CameraFrame(source, where, { type: RAW, message: raw });
  }

  /** Width and height of a raw picture; undefined for a compressed one, which is not decoded yet. */
  get size(): readonly [number, number] | undefined {
    const { type, message } = this.#picture;
    return type === RAW ? [message.width, message.height] : undefined;
  }

  /** A frame that came from another thread. */
  static fromTransfer({ source, where, type, message }: CameraFrameTransfer): CameraFrame {
    return CameraFrame.of(source, type, message, where);
  }

  /**
   * The frame as plain data. Its bytes are a copy in a buffer of their own, which may be handed over to the
   * other thread; those of this frame stay, as others hold them too.
   */
  toTransfer(): CameraFrameTransfer {
    const { type, message } = this.#picture;
    // Not slice(): a Buffer's would share the memory.
    const data = new Uint8Array(message.data);
    return {
      ...({ type, message: { ...message, data } } as Picture),
      source: this.#source,
      where: this.#where,
    };
  }

  /**
   * The picture as the policy was trained on: (size[0], size[1], 3) RGB, 8 bit. Of a camera with another aspect
   * ratio the middle is taken, as diffusion_policy does on real robots: a square of a 640x480 picture shows what
   * a square sensor behind the same lens would. Another resolution is resized with libvips' linear kernel, which
   * when it shrinks weighs all pixels under a triangle as wide as the factor (no aliasing, no overshoot).
   * @throws BadInput when a compressed picture cannot be read
   */
  async rgb(): Promise<Uint8Array> {
    const { type, message } = this.#picture;
    const pixels = type === RAW ? unpack(message) : await decompress(message.data, this.#where);
    const [height, width] = this.#source.size;
    if (pixels.height === height && pixels.width === width) return pixels.data;
    const raw = { width: pixels.width, height: pixels.height, channels: 3 } as const;
    return sharp(pixels.data, { raw })
      .extract(middle(pixels, { width, height }))
      .resize({ width, height, fit: 'fill', kernel: 'linear' })
      .raw()
      .toBuffer();
  }
}

function checkRaw(raw: z.infer<typeof image>, where: string): void {
  const encoding = Object.hasOwn(ENCODINGS, raw.encoding) ? ENCODINGS[raw.encoding] : undefined;
  if (!encoding) {
    throw new BadInput(
      `encoding '${raw.encoding.slice(0, 40)}' is not supported`,
      where,
      `use one of ${Object.keys(ENCODINGS).join(', ')}, or a CompressedImage (jpeg, png)`,
    );
  }
  const { height, width, step, data } = raw;
  // The last row may come without its padding.
  const needed = (height - 1) * step + width * encoding.bytes;
  if (height === 0 || width === 0 || step < width * encoding.bytes || data.length < needed) {
    throw new BadInput(
      `a picture of ${width}x${height} ${raw.encoding} with step ${step} has ${data.length} bytes`,
      where,
      'the camera driver sends broken pictures: repair it',
    );
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The largest part in the middle of a picture that has the aspect ratio of another; all of it where it has. */
function middle(
  { width, height }: Size,
  like: Size,
): Size & { readonly left: number; readonly top: number } {
  // Equal up to the rounding of a side to whole pixels.
  const difference = Math.abs(width * like.height - height * like.width);
  if (2 * difference <= Math.max(width, height, like.width, like.height)) {
    return { left: 0, top: 0, width, height };
  }
  const part = {
    width: Math.max(1, Math.min(width, Math.round((height * like.width) / like.height))),
    height: Math.max(1, Math.min(height, Math.round((width * like.height) / like.width))),
  };
  const left = Math.floor((width - part.width) / 2);
  const top = Math.floor((height - part.height) / 2);
  return { left, top, ...part };
}

/** Rows may be padded to `step` bytes. Pixels of 8 bits have no byte order, so is_bigendian says nothing. */
function unpack({ height, width, step, encoding, data }: z.infer<typeof image>): Pixels {
  const { bytes: stride, rgb } = ENCODINGS[encoding]!;
  const [r, g, b] = rgb;
  if (encoding === 'rgb8' && step === width * stride) {
    return { data: data.subarray(0, height * step), height, width };
  }
  const out = new Uint8Array(height * width * 3);
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0, i = y * step; x < width; x++, i += stride, o += 3) {
      out[o] = data[i + r]!;
      out[o + 1] = data[i + g]!;
      out[o + 2] = data[i + b]!;
    }
  }
  return { data: out, height, width };
}

async function decompress(data: Uint8Array, where: string): Promise<Pixels> {
  try {
    const picture = sharp(data, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
    const { format } = await picture.metadata();
    if (format !== 'jpeg' && format !== 'png') throw new Error(`${format} is not jpeg or png`);
    const { data: rgb, info } = await picture
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`it has ${info.channels} channels`);
    return { data: rgb, height: info.height, width: info.width };
  } catch (error) {
    throw new BadInput(
      `a compressed picture cannot be read: ${messageOf(error).slice(0, 160)}`,
      where,
      'send jpeg or png',
    );
  }
}
