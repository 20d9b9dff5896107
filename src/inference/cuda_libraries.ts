import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** ONNX Runtime looks for it beside its own library. */
const PROVIDER = join(
  dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
  `bin/napi-v6/${process.platform}/${process.arch}/libonnxruntime_providers_cuda.so`,
);

/**
 * Why ONNX Runtime could not load its CUDA provider, for which it has but one sentence: what is not installed.
 * @param provider path of the provider's library
 */
export function cudaLibraryProblem(provider: string = PROVIDER): string {
  if (!existsSync(provider)) {
    return "ONNX Runtime's CUDA provider is not installed (scripts/setup_cuda.sh)";
  }
  const { stdout } = spawnSync('ldd', [provider], { encoding: 'utf8' });
  // Without ldd there is no output at all.
  const missing = [...(stdout ?? '').matchAll(/^\s*(\S+) => not found$/gm)].map(([, name]) => name);
  return missing.length > 0
    ? `not found: ${missing.join(', ')}`
    : `ONNX Runtime cannot load ${provider}`;
}
