import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GraphBuilder, type OnnxGraph } from '../../src/compiler/graph.js';
import { cacheDirectory, type CachedGraph, cachedGraph } from '../../src/inference/graph_cache.js';
import { Session } from '../../src/inference/session.js';
import '../support/cache_directory.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

/** y = x + 3, which tells whether a graph that was loaded is the right one. */
function plusThree(): OnnxGraph {
  const g = new GraphBuilder();
  return g.finish({ y: g.add(g.input('x', [2]), g.scalar(3)) });
}

async function assertWorks({ model }: CachedGraph): Promise<void> {
  const session = await Session.load(model);
  const { y } = await session.run({ x: { shape: [2], data: Float32Array.of(1, 2) } });
  await session.close();
  assert.deepEqual([...y!.data], [4, 5]);
}

describe('cachedGraph', () => {
  const { BAC_POLICY_CACHE: ofTheTests, XDG_CACHE_HOME: shared } = process.env;
  let directory: string;
  let builds: number;
  beforeEach(() => {
    directory = join(temporaryDirectory(), 'not', 'there', 'yet');
    process.env['BAC_POLICY_CACHE'] = directory;
    builds = 0;
  });
  after(() => {
    process.env['BAC_POLICY_CACHE'] = ofTheTests!;
    if (shared === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = shared;
  });

  const get = (...key: string[]): Promise<CachedGraph> =>
    cachedGraph(['policy', ...key], () => {
      builds++;
      return plusThree();
    });
  /** The only file of this kind in the cache. */
  const only = (suffix: string): string => {
    const names = readdirSync(directory).filter((name) => name.endsWith(suffix));
    assert.equal(names.length, 1);
    return join(directory, names[0]!);
  };

  it('builds once, whatever asks for it, and only for the same key', async () => {
    const first = await get('a');
    assert.equal(first.hit, false);
    const second = await get('a');
    assert.deepEqual(second, { ...first, hit: true });
    assert.equal(builds, 1);
    assert.equal(typeof first.model, 'string');
    assert.deepEqual([first.nodes, first.multiplyAdds], [plusThree().nodes, 0]);
    await assertWorks(second);
    await get('b');
    await get('a', 'b');
    assert.equal(builds, 3);
    assert.equal(readdirSync(directory).length, 6, 'graphs, notes, nothing else');
  });

  it('keeps graphs from others: nobody else may read what was learned', async () => {
    await get();
    assert.equal(statSync(directory).mode & 0o077, 0);
  });

  const damages: Readonly<Record<string, () => void>> = {
    'a truncated graph': () => truncateSync(only('.onnx'), 10),
    'an empty graph': () => truncateSync(only('.onnx'), 0),
    'a graph with one byte changed': () => {
      const bytes = readFileSync(only('.onnx'));
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(only('.onnx'), bytes);
    },
    'a missing graph': () => rmSync(only('.onnx')),
    'a missing note': () => rmSync(only('.json')),
    'an empty note': () => truncateSync(only('.json'), 0),
    'a note that is no JSON': () => writeFileSync(only('.json'), '{"sha256": '),
    'a note that is null': () => writeFileSync(only('.json'), 'null'),
    'a note of the wrong types': () =>
      writeFileSync(only('.json'), '{"sha256": 1, "multiplyAdds": "2", "nodes": null}'),
    'a note with another digest': () =>
      writeFileSync(
        only('.json'),
        JSON.stringify({ sha256: '0'.repeat(64), multiplyAdds: 1, nodes: 1 }),
      ),
    'a directory in the place of the graph': () => replaceByDirectory(only('.onnx')),
    'a directory in the place of the note': () => replaceByDirectory(only('.json')),
  };
  for (const [name, damage] of Object.entries(damages)) {
    it(`builds again after ${name}`, async () => {
      const original = await get();
      damage();
      const again = await get();
      assert.deepEqual(again, original);
      assert.equal(builds, 2);
      await assertWorks(again);
      assert.equal((await get()).hit, true, 'and keeps it');
      assert.equal(readdirSync(directory).length, 2);
    });
  }

  it('serves several that build at once', async () => {
    const graphs = await Promise.all(Array.from({ length: 8 }, () => get()));
    for (const graph of graphs) await assertWorks(graph);
    assert.equal((await get()).hit, true);
    assert.equal(readdirSync(directory).length, 2);
  });

  it('hands graphs over in memory, and says so, where nothing can be written', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    process.env['BAC_POLICY_CACHE'] = join(file, 'cache');
    const said: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text: string) => said.push(text) > 0;
    try {
      const graph = await get();
      assert.deepEqual(graph.model, plusThree().bytes);
      await assertWorks(graph);
      await get();
    } finally {
      process.stderr.write = write;
    }
    assert.equal(builds, 2);
    assert.equal(said.length, 1, 'once is enough');
    assert.match(said[0]!, /are not kept.*BAC_POLICY_CACHE to a directory that can be written\n$/);
  });

  it('uses a graph it cannot touch', async function () {
    if (process.getuid?.() === 0) {
      process.stderr.write('    skipped: root may write everywhere\n');
      this.skip();
    }
    await get();
    chmodSync(directory, 0o500);
    try {
      assert.equal((await get()).hit, true);
      await assertWorks(await get('other'));
    } finally {
      chmodSync(directory, 0o700);
    }
  });

  it('drops what was not used for longest when the cache grows beyond its limit', async () => {
    for (const key of ['oldest', 'older', 'newer']) await get(key);
    const graphs = readdirSync(directory).filter((name) => name.endsWith('.onnx'));
    // Sparse: three files of 2 GB that take no room.
    for (const name of graphs) truncateSync(join(directory, name), 2e9);
    const foreign = join(directory, 'notes of somebody.txt');
    writeFileSync(foreign, '');
    const oldest = join(directory, graphs[1]!);
    utimesSync(oldest, 0, 0);
    await get('newest');
    assert.ok(!existsSync(oldest));
    assert.ok(!existsSync(oldest.replace(/onnx$/, 'json')));
    assert.ok(existsSync(foreign));
    const kept = readdirSync(directory).filter((name) => name.endsWith('.onnx'));
    assert.equal(kept.length, 3);
    assert.equal((await get('newest')).hit, true);
  });

  it('lives where BAC_POLICY_CACHE or XDG_CACHE_HOME say, else in the home directory', () => {
    assert.equal(cacheDirectory(), directory);
    process.env['BAC_POLICY_CACHE'] = '';
    process.env['XDG_CACHE_HOME'] = '/somewhere';
    assert.equal(cacheDirectory(), '/somewhere/bac_policy');
    process.env['XDG_CACHE_HOME'] = '';
    assert.equal(cacheDirectory(), join(homedir(), '.cache', 'bac_policy'));
  });
});

function replaceByDirectory(path: string): void {
  rmSync(path);
  mkdirSync(join(path, 'with', 'content'), { recursive: true });
}
