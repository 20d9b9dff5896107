import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadInput } from '../../src/errors.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  floatTensor,
  readSafetensors,
  type Tensor,
  writeSafetensors,
} from '../../src/policy/safetensors.js';
import { requirePython, PYTHON } from '../support/python.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

/** A file with this header and body, whether they fit or not. */
function file(header: unknown, body = Buffer.alloc(0)): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, body]);
}

/** A header entry of `count` 32-bit floats from a byte on. */
function floats(begin: number, count: number): object {
  return { dtype: 'F32', shape: [count], data_offsets: [begin, begin + 4 * count] };
}

/** The same of half-precision floats. */
function halves(begin: number, count: number): object {
  return { dtype: 'F16', shape: [count], data_offsets: [begin, begin + 2 * count] };
}

const TENSORS: [string, Tensor][] = [
  ['a', floatTensor([2, 1, 3], Float32Array.of(1, -2, 3, NaN, Infinity, 1e-45))],
  ['scalar', { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) }],
  ['nothing', floatTensor([3, 0], new Float32Array())],
  ['bytes', { dtype: 'U8', shape: [3], data: Uint8Array.of(0, 127, 255) }],
  ['mask', { dtype: 'BOOL', shape: [2], data: Uint8Array.of(0, 1) }],
  ['long', { dtype: 'I64', shape: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) }],
  ['int', { dtype: 'I32', shape: [1], data: Int32Array.of(-(2 ** 31)) }],
  ['__proto__', floatTensor([1], Float32Array.of(7))],
];

describe('safetensors', () => {
  it('come back as they were written, with their metadata', () => {
    const { tensors, metadata } = decodeSafetensors(
      encodeSafetensors(TENSORS, { made_with: 'ä "quoted" text' }),
      'x',
    );
    assert.deepEqual([...tensors], TENSORS);
    assert.deepEqual(metadata, { made_with: 'ä "quoted" text' });
  });

  it('are copies: neither alignment nor the file matters afterwards', () => {
    const bytes = Buffer.concat([Buffer.alloc(1), encodeSafetensors(TENSORS)]).subarray(1);
    const { tensors } = decodeSafetensors(bytes, 'x');
    bytes.fill(0);
    assert.deepEqual([...tensors], TENSORS);
  });

  it('of a view are those of the view', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const { tensors } = decodeSafetensors(encodeSafetensors([['v', floatTensor([2], data)]]), 'x');
    assert.deepEqual([...tensors.get('v')!.data], [2, 3]);
  });

  it('in half precision become 32-bit floats, and leave their other half to others', () => {
    const body = Buffer.from([0x00, 0x3c, 0x01, 0x80, 0xff, 0x7b, 0x00, 0x7c, 0, 0, 0x80, 0x3f]);
    const { tensors } = decodeSafetensors(file({ h: halves(0, 4), f: floats(8, 1) }, body), 'x');
    const expected = Float32Array.of(1, -(2 ** -24), 65504, Infinity);
    assert.deepEqual(tensors.get('h'), floatTensor([4], expected));
    assert.deepEqual(tensors.get('f'), floatTensor([1], Float32Array.of(1)));
  });

  it('are stored in half precision where that is asked for and loses nothing', () => {
    const before = encodeSafetensors(TENSORS);
    const exact = floatTensor([2, 3], Float32Array.of(1, -2, -0, 0.5, 65504, 2 ** -24));
    const inexact = floatTensor([2], Float32Array.of(1, 1 / 3));
    const tensors: [string, Tensor][] = [['half', exact], ...TENSORS, ['float', inexact]];
    const bytes = encodeSafetensors(tensors, {}, { halvesWhereExact: true });
    assert.deepEqual([...decodeSafetensors(bytes, 'x').tensors], tensors);
    const header = bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE()));
    const entries = JSON.parse(header) as Record<string, { dtype: string }>;
    assert.equal(entries['half']!.dtype, 'F16');
    assert.equal(entries['float']!.dtype, 'F32');
    assert.equal(entries['a']!.dtype, 'F32', 'NaN is not stored in half precision');
    assert.deepEqual(encodeSafetensors(TENSORS), before);
    assert.ok(!before.includes('F16'));
  });

  it('in half precision are read by the safetensors package', function () {
    requirePython(this, 'safetensors', 'numpy');
    const values = Float32Array.of(1, -2, 0.333251953125, 2 ** -24);
    const path = join(temporaryDirectory(), 'halves');
    const tensors = [['h', floatTensor([2, 2], values)]] as const;
    writeFileSync(path, encodeSafetensors(tensors, {}, { halvesWhereExact: true }));
    const script =
      'import sys, json, safetensors.numpy as s\n' +
      'h = s.load_file(sys.argv[1])["h"]\n' +
      'print(json.dumps([str(h.dtype), h.shape, h.ravel().tolist()]))';
    const { stdout, stderr } = spawnSync(PYTHON, ['-c', script, path]);
    assert.equal(stderr.toString(), '');
    assert.deepEqual(JSON.parse(stdout.toString()), ['float16', [2, 2], [...values]]);
  });

  it('are read by the safetensors package, and the other way round', async function () {
    requirePython(this, 'safetensors', 'numpy');
    const directory = temporaryDirectory();
    const [ours, theirs] = [join(directory, 'ours'), join(directory, 'theirs')];
    await writeSafetensors(
      ours,
      TENSORS.filter(([name]) => name !== '__proto__'),
      { key: 'value' },
    );
    const script =
      'import sys, safetensors.numpy as s\n' +
      't = s.load_file(sys.argv[1])\n' +
      's.save_file({k: v.copy() for k, v in reversed(t.items())}, sys.argv[2])';
    const { status, stderr } = spawnSync(PYTHON, ['-c', script, ours, theirs]);
    assert.equal(status, 0, stderr.toString());
    const { tensors } = await readSafetensors(theirs, 1e6);
    for (const [name, tensor] of TENSORS) {
      if (name !== '__proto__') assert.deepEqual(tensors.get(name), tensor);
    }
  });

  it('are replaced at once', async () => {
    const path = join(temporaryDirectory(), 'deep', 'file');
    await writeSafetensors(path, TENSORS);
    await writeSafetensors(path, TENSORS.slice(0, 1));
    assert.equal((await readSafetensors(path, 1e6)).tensors.size, 1);
  });
});

describe('safetensors that are no good', () => {
  const body = Buffer.alloc(16);
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const cases: Readonly<Record<string, [Buffer, RegExp]>> = {
    'an empty file': [Buffer.alloc(0), /too short/],
    'seven bytes': [Buffer.alloc(7), /too short/],
    'a header longer than the file': [file({}).fill(255, 0, 3), /does not hold/],
    'a header of 2^64 - 1 bytes': [Buffer.alloc(64, 255), /does not hold/],
    'a header that is not JSON': [file('{"a": '), /not JSON/],
    'a header that is a list': [file([]), /not a JSON object/],
    'a header that is null': [file('null'), /not a JSON object/],
    'a header nested too deep': [file(deep), /not a JSON object|not JSON/],
    'a tensor that is null': [file({ a: null }), /'a' has no type/],
    'a type that is an object': [file({ a: { dtype: { toString: 1 } } }), /'a' has no type/],
    'a type nested too deep': [file(`{"a": {"dtype": ${deep}}}`), /'a' has no type/],
    'a type that is inherited': [file({ a: { dtype: 'toString' } }), /type toString/],
    'the upper halves of 32-bit floats': [
      file({ a: { dtype: 'BF16', shape: [8], data_offsets: [0, 16] } }, body),
      /type BF16, which is not supported/,
    ],
    'half-precision floats of four bytes each': [
      file({ a: { dtype: 'F16', shape: [4], data_offsets: [0, 16] } }, body),
      /'a' needs 8 bytes at 0\.\.16/,
    ],
    'half-precision floats that share bytes': [
      file({ a: halves(0, 6), b: floats(12, 1), c: halves(0, 1) }, body),
      /'c' shares/,
    ],
    'no shape': [file({ a: { dtype: 'F32', data_offsets: [0, 4] } }, body), /no valid shape/],
    'a negative size': [
      file({ a: { dtype: 'F32', shape: [-1, -4], data_offsets: [0, 16] } }, body),
      /no valid shape/,
    ],
    'a size that is no integer': [
      file({ a: { dtype: 'F32', shape: [0.5], data_offsets: [0, 2] } }, body),
      /no valid shape/,
    ],
    'sizes whose product overflows': [
      file({ a: { dtype: 'F32', shape: [2 ** 52, 2 ** 52], data_offsets: [0, 16] } }, body),
      /truncated/,
    ],
    'three offsets': [
      file({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] } }, body),
      /no valid offsets/,
    ],
    'offsets in the wrong order': [
      file({ a: { dtype: 'F32', shape: [1], data_offsets: [4, 0] } }, body),
      /truncated/,
    ],
    'a tensor beyond the end': [file({ a: floats(8, 4) }, body), /truncated/],
    'more bytes than the shape needs': [
      file({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 16] } }, body),
      /needs 4 bytes/,
    ],
    'tensors that share bytes': [file({ a: floats(0, 4), b: floats(0, 4) }, body), /'b' shares/],
    'metadata that is no text': [
      file({ __metadata__: { a: { toString: 1 } } }),
      /metadata 'a' that is not text/,
    ],
  };
  for (const [name, [bytes, message]] of Object.entries(cases)) {
    it(name, () => {
      assert.throws(
        () => decodeSafetensors(bytes, 'x.safetensors'),
        (error) =>
          error instanceof BadInput &&
          error.message.startsWith('x.safetensors: ') &&
          message.test(error.message),
      );
    });
  }

  it('take no more memory than the file has, however often it is referred to', () => {
    const entries = Array.from({ length: 20_000 }, (_, i) => [`${i}`, floats(0, 250_000)]);
    const bytes = file(Object.fromEntries(entries), Buffer.alloc(1_000_000));
    const before = process.memoryUsage().arrayBuffers;
    assert.throws(() => decodeSafetensors(bytes, 'x'), /shares bytes with another/);
    assert.ok(process.memoryUsage().arrayBuffers - before < 50e6);
  });

  it('are refused by their size before they are read', async () => {
    const path = join(temporaryDirectory(), 'large');
    writeFileSync(path, '');
    truncateSync(path, 3 * 1024 ** 3);
    await assert.rejects(
      readSafetensors(path, 1000),
      /is 3072.0 MiB, more than the 0.0 MiB allowed/,
    );
    await assert.rejects(readSafetensors(path, 2 ** 40), /more than the 2048.0 MiB allowed/);
  });

  it('show neither line breaks nor terminal codes in the message', () => {
    const name = `a\n\r\u001b[31mb\u2028c${'x'.repeat(100_000)}`;
    assert.throws(
      () => decodeSafetensors(file({ [name]: null }), 'x'),
      ({ message }: Error) =>
        message.includes('a [31mb c') && message.length < 3000 && !/[\p{Cc}\u2028]/u.test(message),
    );
  });
});
