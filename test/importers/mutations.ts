import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Values that parsers stumble over: sizes at the edges, and the bytes of powerful opcodes. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x2e, 0x28, 0x52, 0x62, 0x63, 0x71, 0x74, 0x75, 0x81];

/** Damages copies of `original` in 1 to 4 places each, the same ones for the same seed. */
export function* mutations(original: Buffer, count: number, seed: number): Generator<Buffer> {
  const random = xoroshiro128plus(seed);
  const below = (limit: number): number => uniformInt(random, 0, Math.max(0, limit - 1));
  for (let i = 0; i < count; i++) {
    let bytes = Buffer.from(original);
    for (let places = 1 + below(4); places > 0 && bytes.length > 0; places--) {
      const at = below(bytes.length);
      const length = 1 + below(Math.min(64, bytes.length - at));
      const other = below(bytes.length - length);
      const kind = below(7);
      if (kind === 0) bytes[at] = below(256);
      else if (kind === 1) bytes[at] = EDGES[below(EDGES.length)]!;
      else if (kind === 2) bytes.fill(EDGES[below(EDGES.length)]!, at, at + Math.min(length, 8));
      else if (kind === 3) bytes = bytes.subarray(0, at + 1);
      else if (kind === 4)
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
      else if (kind === 5) bytes.copyWithin(at, other, other + length);
      else {
        const repeated = bytes.subarray(other, other + length);
        bytes = Buffer.concat([bytes.subarray(0, at), repeated, bytes.subarray(at)]);
      }
    }
    yield bytes;
  }
}
