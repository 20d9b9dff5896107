import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
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

  describe('in a process of its own', () => {
    const src = new URL('../../src/', import.meta.url).href;
    const start = (program: string, environment: NodeJS.ProcessEnv = {}) =>
      spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
        encoding: 'utf8',
        env: { ...process.env, ...environment },
      });

    it('writes nothing beside what it throws', () => {
      const { stdout, stderr } = start(`
        import { GraphBuilder } from '${src}compiler/graph.js';
        import { Session } from '${src}inference/session.js';
        const g = new GraphBuilder();
        const row = g.gather(g.input('table', [3, 2]), g.input('index', [], 'int64'));
        const session = await Session.load(g.finish({ row }).bytes);
        const table = { shape: [3, 2], data: new Float32Array(6) };
        await session
          .run({ table, index: { shape: [], data: BigInt64Array.of(9n) } })
          .catch((error) => console.log(error.message));`);
      assert.match(stdout, /Gather/);
      assert.equal(stderr, '');
    });

    it('lets no GPU round factors, unless it is told to', () => {
      const program = `import '${src}inference/session.js'; console.log(process.env.NVIDIA_TF32_OVERRIDE);`;
      assert.equal(start(program, { NVIDIA_TF32_OVERRIDE: undefined }).stdout, '0\n');
      assert.equal(start(program, { NVIDIA_TF32_OVERRIDE: '1' }).stdout, '1\n');
    });
  });
});
