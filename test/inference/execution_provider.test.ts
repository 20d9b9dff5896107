import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { BadInput } from '../../src/errors.js';
import { findProvider, type FoundProvider } from '../../src/inference/execution_provider.js';

describe('findProvider', () => {
  const missing = async (): Promise<never> =>
    Promise.reject(new Error('not found: libcublas.so.13'));
  const works = async (): Promise<void> => Promise.resolve();

  it('does not look for CUDA where the CPU is asked for', async () => {
    const load = (): never => assert.fail('nothing is to be loaded');
    assert.deepEqual(await findProvider('cpu', false, load), { provider: 'cpu' });
  });

  it('takes CUDA where it works', async () => {
    for (const choice of ['auto', 'cuda'] as const) {
      assert.deepEqual(await findProvider(choice, false, works), { provider: 'cuda' });
    }
  });

  it('takes the CPU where CUDA is missing, with one line that says why', async () => {
    const expected = {
      provider: 'cpu',
      note: 'CUDA cannot be used: not found: libcublas.so.13; the CPU is used instead',
    };
    assert.deepEqual(await findProvider('auto', false, missing), expected);
    assert.deepEqual(await findProvider('cuda', true, missing), expected);
    const busy = async (): Promise<never> => Promise.reject(new Error('out of\nmemory'));
    assert.match((await findProvider('auto', true, busy)).note!, /used: out of memory; the CPU/);
  });

  it('finds the reason in what ONNX Runtime says', async () => {
    const functions = '/src/cuda_call.cc:154 Status CudaCall(int) [with THRW = true] '.repeat(5);
    const cases = {
      [`ONNX Runtime cannot load the graph: ${functions}CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=vm ; expr=cudaSetDevice(id); `]:
        'CUDA failure 100: no CUDA-capable device is detected',
      [`Non-zero status code returned while running Conv node. ${functions}[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : cuDNN is unavailable: libcudnn.so: cannot open\n`]:
        'cuDNN is unavailable: libcudnn.so: cannot open',
    };
    for (const [said, reason] of Object.entries(cases)) {
      const { note } = await findProvider('auto', true, async () =>
        Promise.reject(new Error(said)),
      );
      assert.equal(note, `CUDA cannot be used: ${reason}; the CPU is used instead`);
    }
  });

  it('refuses to go on without CUDA where the CPU is not allowed', async () => {
    await assert.rejects(
      findProvider('cuda', false, missing),
      (error) => error instanceof BadInput && /^execution provider cuda: CUDA/.test(error.message),
    );
  });

  it('finds one or the other here, without a word on standard error', () => {
    const module = new URL('../../src/inference/execution_provider.js', import.meta.url);
    const program = `import { findProvider } from '${module.href}';
      console.log(JSON.stringify(await findProvider('auto', false)));`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { encoding: 'utf8' },
    );
    assert.equal(stderr, '');
    const { provider, note } = JSON.parse(stdout) as FoundProvider;
    assert.equal(note === undefined, provider === 'cuda');
  });
});
