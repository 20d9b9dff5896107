import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadInput } from '../../src/errors.js';
import {
  importDiffusionPolicy,
  type ImportedPolicy,
} from '../../src/importers/diffusion_policy.js';
import { readPolicyPackage } from '../../src/policy/policy_package.js';
import { writePolicyPackage } from '../../src/policy/write_policy_package.js';

describe('writing a policy package', () => {
  const root = mkdtempSync(join(tmpdir(), 'bac_policy_package-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  let policy: ImportedPolicy;
  before(async () => {
    policy = await importDiffusionPolicy('test/fixtures/checkpoints/model_only.ckpt');
  });
  const write = (name: string, change: object = {}): Promise<{ sha256: string }> =>
    writePolicyPackage(join(root, name), { ...policy.description, ...change }, policy.contents);

  it('writes what can be read again', async () => {
    const { sha256 } = await write('new');
    const read = await readPolicyPackage(join(root, 'new'));
    assert.equal(read.sha256, sha256);
    assert.deepEqual(read.denoiser.names(), [...policy.contents.denoiser.keys()]);
    for (const [name, { shape, data }] of policy.contents.denoiser) {
      assert.deepEqual(read.denoiser.get(name, shape).data, data);
    }
  });

  it('writes the same bytes for the same policy', async () => {
    const first = await write('a');
    assert.equal((await write('b')).sha256, first.sha256);
    for (const name of ['policy.json', 'denoiser.safetensors']) {
      assert.deepEqual(readFileSync(join(root, 'a', name)), readFileSync(join(root, 'b', name)));
    }
  });

  it('replaces an earlier package, but not one with plans, nor another directory', async () => {
    await write('again');
    await write('again');
    mkdirSync(join(root, 'again/plans'));
    await assert.rejects(write('again'), /with plans, which would not fit/);
    mkdirSync(join(root, 'other'));
    writeFileSync(join(root, 'other/notes.txt'), 'mine');
    await assert.rejects(write('other'), BadInput);
    assert.equal(readFileSync(join(root, 'other/notes.txt'), 'utf8'), 'mine');
  });

  it('leaves nothing behind when the description is wrong', async () => {
    await assert.rejects(write('wrong', { inputs: [] }), /inputs/);
    assert.ok(!existsSync(join(root, 'wrong')));
  });
});
