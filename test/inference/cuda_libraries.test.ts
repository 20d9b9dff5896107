import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cudaLibraryProblem } from '../../src/inference/cuda_libraries.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

describe('cudaLibraryProblem', () => {
  it('says that the provider is not installed', () => {
    const path = join(temporaryDirectory(), 'libonnxruntime_providers_cuda.so');
    assert.match(cudaLibraryProblem(path), /^ONNX Runtime's CUDA provider is not installed/);
  });

  it('names the libraries that are missing', () => {
    const binding = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    const name = `bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`;
    const alone = join(temporaryDirectory(), 'alone.so');
    copyFileSync(join(binding, '..', name), alone);
    assert.equal(cudaLibraryProblem(alone), 'not found: libonnxruntime.so.1');
  });

  it('has words for a library that lacks nothing', () => {
    assert.equal(
      cudaLibraryProblem(process.execPath),
      `ONNX Runtime cannot load ${process.execPath}`,
    );
  });

  it('are fetched in the version of onnxruntime-node', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const [, version] = /^onnxruntime-gpu==(\S+) --hash/m.exec(
      readFileSync('scripts/requirements-cuda.txt', 'utf8'),
    )!;
    assert.equal(version, dependencies['onnxruntime-node']);
  });
});
