import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { blockName, blocksOf } from '../caching/blocks.js';
import { BadInput } from '../errors.js';

/** Feature files above this size are refused; 8 layers, E 256, T 10, K 100 have 25 MB per sample. */
export const MAX_FEATURE_BYTES = 4 * 1024 ** 3;

/** Numbers of a feature file. */
export interface FeatureShape {
  /** L. */
  readonly layers: number;
  /** K. */
  readonly steps: number;
  /** N. */
  readonly samples: number;
  /** T * E of one sample, as [T, E]. */
  readonly feature: readonly [tokens: number, embedding: number];
}

/**
 * Raw features of all blocks as safetensors: `features.<layer>.<kind>`, float32 (K, N, T, E) in denoising
 * order. Written in place batch by batch, because it is far larger than memory should be; it appears under
 * its name only when it is finished.
 */
export class FeatureFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  readonly #shape: FeatureShape;
  readonly #headerBytes: number;
  /** An interrupted program leaves no gigabytes behind. */
  readonly #removeAtExit = (): void => rmSync(this.#temporary, { force: true });

  private constructor(
    path: string,
    temporary: string,
    file: FileHandle,
    shape: FeatureShape,
    headerBytes: number,
  ) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
    this.#shape = shape;
    this.#headerBytes = headerBytes;
    process.once('exit', this.#removeAtExit);
  }

  /** @throws BadInput when the file would be above {@link MAX_FEATURE_BYTES} */
  static async create(path: string, shape: FeatureShape): Promise<FeatureFile> {
    const { layers, steps, samples, feature } = shape;
    const tensorBytes = 4 * steps * samples * feature[0] * feature[1];
    const blocks = blocksOf(layers);
    if (tensorBytes * blocks.length > MAX_FEATURE_BYTES) {
      const gibibytes = (tensorBytes * blocks.length) / 1024 ** 3;
      throw new BadInput(
        `would hold ${gibibytes.toFixed(1)} GiB of features, more than the 4 GiB allowed`,
        path,
        'take fewer --samples',
      );
    }
    const header = JSON.stringify(
      Object.fromEntries(
        blocks.map((block, i) => [
          `features.${blockName(block)}`,
          {
            dtype: 'F32',
            shape: [steps, samples, ...feature],
            data_offsets: [i * tensorBytes, (i + 1) * tensorBytes],
          },
        ]),
      ),
    );
    const padded = Math.ceil(header.length / 8) * 8;
    const head = Buffer.alloc(8 + padded, ' ');
    head.writeBigUInt64LE(BigInt(padded));
    head.write(header, 8);
    const temporary = join(
      dirname(path),
      `.${basename(path)}.${randomBytes(4).toString('hex')}.part`,
    );
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'wx');
    await file.write(head, 0, head.length, 0);
    return new FeatureFile(path, temporary, file, shape, head.length);
  }

  /**
   * Writes one block's features of some samples.
   * @param block index in canonical order
   * @param first index of the first of these samples
   * @param features K arrays (n, T, E)
   */
  async write(block: number, first: number, features: readonly Float32Array[]): Promise<void> {
    const { steps, samples, feature } = this.#shape;
    const width = feature[0] * feature[1];
    for (const [step, values] of features.entries()) {
      const at = ((block * steps + step) * samples + first) * width;
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      await this.#file.write(bytes, 0, bytes.length, this.#headerBytes + 4 * at);
    }
  }

  /** Puts the finished file at its name. */
  async finish(): Promise<void> {
    await this.#file.close();
    await rename(this.#temporary, this.#path);
    process.removeListener('exit', this.#removeAtExit);
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
    process.removeListener('exit', this.#removeAtExit);
  }
}
