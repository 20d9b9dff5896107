import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphBuilder } from '../../src/compiler/graph.js';
import { Session } from '../../src/inference/session.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

describe('Session', () => {
  const graph = (): Uint8Array => {
    const g = new GraphBuilder();
    const row = g.gather(g.input('table', [3, 2]), g.input('index', [], 'int64'));
    return g.finish({ row, floats: g.toFloat(g.input('bytes', [2], 'uint8')) }).bytes;
  };

  it('runs graphs from memory and from files, floats, integers and bytes, views too', async () => {
    const path = join(temporaryDirectory(), 'graph.onnx');
    writeFileSync(path, graph());
    for (const model of [path, graph()]) {
      const session = await Session.load(model);
      const { row, floats } = await session.run({
        table: { shape: [3, 2], data: Float32Array.of(9, 1, 2, 3, 4, 5, 6, 9).subarray(1, 7) },
        index: { shape: [], data: BigInt64Array.of(2n) },
        bytes: { shape: [2], data: Uint8Array.of(1, 2, 250, 4).subarray(2) },
      });
      assert.deepEqual(row, { shape: [2], data: Float32Array.of(5, 6) });
      assert.deepEqual(floats, { shape: [2], data: Float32Array.of(250, 4) });
      await session.close();
    }
  });

  it('says in one line what ONNX Runtime does not load or run', async () => {
    const garbage = Session.load(Buffer.from('not a graph'));
    await assert.rejects(garbage, /^Error: ONNX Runtime cannot load the graph: [^\n]+$/);
    await assert.rejects(Session.load('/no/such/graph.onnx'), /cannot load the graph/);
    const session = await Session.load(graph());
    await assert.rejects(session.run({}), Error);
    await session.close();
  });
});
