import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/temporary_directory.js';

describe('setup_cuda.sh', () => {
  const BESIDE_NODE = 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64';
  const LIBRARIES = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'];

  /** A project whose libraries were fetched, and whose node_modules are new. */
  const project = (): string => {
    const root = temporaryDirectory();
    for (const folder of ['scripts', '.cuda/onnxruntime/capi', BESIDE_NODE]) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    for (const name of ['setup_cuda.sh', 'requirements-cuda.txt']) {
      copyFileSync(join('scripts', name), join(root, 'scripts', name));
    }
    copyFileSync('scripts/requirements-cuda.txt', join(root, '.cuda/installed_requirements.txt'));
    for (const name of LIBRARIES) {
      writeFileSync(join(root, '.cuda/onnxruntime/capi', name), `this is ${name}`);
    }
    return root;
  };
  /** @param machine what uname says */
  const run = (root: string, machine: string): ReturnType<typeof spawnSync> => {
    const bin = join(root, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'uname'), `#!/bin/sh\necho ${machine}\n`, { mode: 0o755 });
    return spawnSync('bash', [join(root, 'scripts/setup_cuda.sh')], {
      encoding: 'utf8',
      env: { PATH: `${bin}:${process.env['PATH']}` },
    });
  };

  it('links what was fetched to where onnxruntime-node looks, again and again', () => {
    const root = project();
    for (let time = 0; time < 2; time++) {
      const { status, stdout, stderr } = run(root, 'Linux x86_64');
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
      for (const name of LIBRARIES) {
        assert.equal(readFileSync(join(root, BESIDE_NODE, name), 'utf8'), `this is ${name}`);
      }
    }
  });

  it('says where there is no CUDA for onnxruntime-node', () => {
    const { status, stderr } = run(project(), 'Linux aarch64');
    assert.equal(status, 1);
    assert.match(String(stderr), /^bac_policy: .* x86-64 only, this is Linux aarch64\n$/);
  });

  it('fetches nothing whose digest is not known', () => {
    const lines = readFileSync('scripts/requirements-cuda.txt', 'utf8').split('\n');
    for (const line of lines.filter((text) => text !== '' && !text.startsWith('#'))) {
      assert.match(line, /^[a-z0-9-]+==[0-9.]+ --hash=sha256:[0-9a-f]{64}$/);
    }
  });
});
