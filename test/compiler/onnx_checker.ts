import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const python = process.env['BAC_POLICY_PYTHON'] ?? '.venv/bin/python';

/** Skips the test, saying why, where the Python at BAC_POLICY_PYTHON has no onnx package. */
export function requireOnnx(context: Mocha.Context): void {
  if (spawnSync(python, ['-c', 'import onnx']).status === 0) return;
  process.stderr.write(`    skipped: ${python} has no onnx (set BAC_POLICY_PYTHON)\n`);
  context.skip();
}

/** Fails unless ONNX's own checker accepts the file, types and shapes of all values included. */
export function assertValidOnnx(bytes: Uint8Array): void {
  const script =
    'import sys, onnx; m = onnx.load_from_string(sys.stdin.buffer.read()); ' +
    'onnx.checker.check_model(m, full_check=True)';
  const result = spawnSync(python, ['-c', script], { input: bytes });
  assert.equal(result.status, 0, result.stderr.toString());
}
