import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fasterProvider, type Racer } from '../../src/inference/faster_provider.js';
import type { ExecutionProvider } from '../../src/inference/session.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

interface Fake {
  readonly provider: ExecutionProvider;
  isOpen: boolean;
}

describe('fasterProvider', () => {
  const { BAC_POLICY_CACHE: ofTheTests } = process.env;
  let directory: string;
  beforeEach(() => {
    directory = temporaryDirectory();
    process.env['BAC_POLICY_CACHE'] = directory;
  });
  after(() => {
    process.env['BAC_POLICY_CACHE'] = ofTheTests!;
  });

  /** Both as fast as `ms` says. */
  class FakeRacer implements Racer<Fake> {
    readonly opened: Fake[] = [];
    chunks = 0;
    rankOf: Readonly<Record<ExecutionProvider, number>> = { cpu: 0, cuda: 0 };

    constructor(readonly ms: Readonly<Record<ExecutionProvider, number>>) {}

    open(provider: ExecutionProvider): Promise<Fake> {
      const opened = { provider, isOpen: true };
      this.opened.push(opened);
      return Promise.resolve(opened);
    }
    chunk({ provider, isOpen }: Fake): Promise<number> {
      assert.ok(isOpen);
      // The first chunk is slow; the median does not mind.
      return Promise.resolve(this.ms[provider] * (this.chunks++ < 2 ? 9 : 1));
    }
    rank({ provider }: Fake): number {
      return this.rankOf[provider];
    }
    close(opened: Fake): Promise<void> {
      assert.ok(opened.isOpen);
      opened.isOpen = false;
      return Promise.resolve();
    }
  }
  const stillOpen = ({ opened }: FakeRacer): string[] =>
    opened.filter(({ isOpen }) => isOpen).map(({ provider }) => provider);

  for (const [faster, cuda, words] of [
    ['cpu', 12, 'the CPU is used'],
    ['cuda', 3, 'CUDA is used'],
  ] as const) {
    it(`keeps the faster one and closes the other: ${faster}`, async () => {
      const racer = new FakeRacer({ cpu: 10, cuda });
      const { found, opened } = await fasterProvider(['policy'], racer);
      assert.equal(found.provider, faster);
      assert.equal(
        found.note,
        `a chunk takes 10.0 ms on the CPU and ${cuda}.0 ms with CUDA: ${words}`,
      );
      assert.equal(opened.provider, faster);
      assert.deepEqual(stillOpen(racer), [faster]);
    });

    it(`remembers it, and opens only that one next time: ${faster}`, async () => {
      const first = await fasterProvider(['policy'], new FakeRacer({ cpu: 10, cuda }));
      // The machine is another now, which nobody asks.
      const again = new FakeRacer({ cpu: 1, cuda: 1 });
      const { found } = await fasterProvider(['policy'], again);
      assert.deepEqual(found, first.found);
      assert.deepEqual(stillOpen(again), [faster]);
      assert.deepEqual([again.opened.length, again.chunks], [1, 0]);
      // Of another policy, plan or number of threads nothing is known.
      const other = new FakeRacer({ cpu: 10, cuda });
      await fasterProvider(['policy', 2], other);
      assert.equal(other.opened.length, 2);
    });
  }

  it('would rather keep the better preset than be faster', async () => {
    const racer = new FakeRacer({ cpu: 2, cuda: 8 });
    racer.rankOf = { cpu: 1, cuda: 0 };
    assert.equal((await fasterProvider(['policy'], racer)).found.provider, 'cuda');
  });

  it('stays with the CPU where CUDA fails with the real graphs, and tries again next time', async () => {
    const racer = new FakeRacer({ cpu: 10, cuda: 1 });
    const open = racer.open.bind(racer);
    racer.open = (provider) =>
      provider === 'cuda' ? Promise.reject(new Error('out of memory')) : open(provider);
    const { found } = await fasterProvider(['policy'], racer);
    assert.equal(found.provider, 'cpu');
    assert.match(found.note!, /^CUDA cannot be used: out of memory; the CPU is used instead$/);
    assert.deepEqual(readdirSync(directory), []);
  });

  it('leaves nothing open where it fails', async () => {
    const racer = new FakeRacer({ cpu: 10, cuda: 1 });
    racer.chunk = () => Promise.reject(new Error('broken'));
    await assert.rejects(fasterProvider(['policy'], racer), /broken/);
    assert.deepEqual(stillOpen(racer), []);
    assert.equal(racer.opened.length, 2);
  });

  it('gets by without a place to remember it', async () => {
    const file = join(directory, 'a file');
    writeFileSync(file, '');
    process.env['BAC_POLICY_CACHE'] = join(file, 'cache');
    const { found } = await fasterProvider(['policy'], new FakeRacer({ cpu: 1, cuda: 2 }));
    assert.equal(found.provider, 'cpu');
  });
});
