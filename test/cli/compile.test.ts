import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/files.js';
import { readSafetensors, floatTensor, writeSafetensors } from '../../src/policy/safetensors.js';
import { assertClose } from '../support/assert_close.js';
import { runCompiled } from '../support/engines.js';
import { type Fixture, type FixtureName, fixture } from '../support/fixtures.js';
import { writePlanFor } from '../support/plans.js';
import { PYTHON, requirePython } from '../support/python.js';
import { bacLike } from '../support/schedules.js';
import { temporaryDirectory } from '../support/temporary_directory.js';
import { runCli } from './run_cli.js';

/** Checks an ONNX file and runs it on the first sample of vectors. */
const RUN_ONNX = `
import sys, onnx, onnxruntime
from safetensors.numpy import load_file, save_file
model, vectors, result = sys.argv[1:]
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
inputs = load_file(vectors)
names = {i.name: list(i.shape) for i in session.get_inputs()}
assert names == {k: list(v.shape) for k, v in inputs.items()}, names
outputs = [o.name for o in session.get_outputs()]
assert outputs == ["sample", "action"], outputs
save_file(dict(zip(outputs, session.run(None, inputs))), result)
print(session.get_modelmeta().custom_metadata_map["policy_sha256"])
`;

describe('bac-policy compile', () => {
  const directory = temporaryDirectory();
  const at = (name: string): string => join(directory, name);
  let full: Fixture;
  before(async () => {
    full = await fixture('full');
  });

  const compile = (policy: Fixture, output: string, ...options: string[]): string => {
    const args = ['compile', policy.policy.directory, '-o', at(output), ...options];
    const { status, stdout, stderr } = runCli(...args);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    return stdout;
  };

  it('writes one file and says how large the graph is', () => {
    const plan = writePlanFor(full.policy, bacLike(6, 20, 3, 4), at('plan.json'));
    const summary: unknown = JSON.parse(compile(full, 'json.onnx', '--plan', plan, '--json'));
    const bytes = readFileSync(at('json.onnx'));
    const { nodes, multiply_adds: cost } = summary as { nodes: number; multiply_adds: number };
    assert.ok(nodes > 100 && nodes < 1000);
    assert.ok(cost > 10_000);
    assert.deepEqual(summary, {
      output: at('json.onnx'),
      bytes: bytes.length,
      nodes,
      multiply_adds: cost,
      policy_sha256: full.policy.sha256,
      plan_sha256: sha256(readFileSync(plan)),
    });
    const said = compile(full, 'text.onnx', '--plan', plan);
    assert.match(said, /^\d+ nodes, \d+\.\d million multiply-adds a chunk, 0\.\d MB: written to/);
    assert.ok(readFileSync(at('text.onnx')).equals(bytes), 'the same bytes every time');
  });

  it('unrolls the dense policy without a plan', () => {
    const dense = JSON.parse(compile(full, 'dense.onnx', '--json')) as Record<string, unknown>;
    assert.equal(dense['plan_sha256'], null);
    assert.ok(existsSync(at('dense.onnx')));
  });

  for (const name of ['cond_layers', 'fixed_large_noclip', 'lift_tiny'] as FixtureName[]) {
    it(`makes what ONNX accepts and its runtime in Python runs alike: ${name}`, async function () {
      requirePython(this, 'onnx', 'onnxruntime', 'safetensors', 'numpy');
      const { policy, inputs, ...rest } = await fixture(name);
      const { architecture: a, noise_scheduler: scheduler } = policy.manifest;
      const schedules = bacLike(3 * a.layers, scheduler.steps, 4, 8);
      const plan = writePlanFor(policy, schedules, at(`${name}.json`));
      compile({ policy, inputs, ...rest }, `${name}.onnx`, '--plan', plan);

      const chunk = a.horizon * a.action_dim;
      const first = {
        samples: 1,
        condition: inputs.condition.slice(0, inputs.condition.length / inputs.samples),
        initialNoise: inputs.initialNoise.slice(0, chunk),
        stepNoise: inputs.stepNoise.filter((_, i) => i % (inputs.samples * chunk) < chunk),
      };
      await writeSafetensors(at(`${name}.in`), [
        ['condition', floatTensor([1, a.n_obs_steps, a.condition_dim], first.condition)],
        ['initial_noise', floatTensor([1, a.horizon, a.action_dim], first.initialNoise)],
        ['step_noise', floatTensor([scheduler.steps, 1, a.horizon, a.action_dim], first.stepNoise)],
      ]);
      const files = [at(`${name}.onnx`), at(`${name}.in`), at(`${name}.out`)];
      const python = spawnSync(PYTHON, ['-c', RUN_ONNX, ...files], {
        encoding: 'utf8',
        env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
      });
      assert.equal(python.status, 0, python.stderr);
      assert.equal(python.stdout.trim(), policy.sha256);

      const { tensors } = await readSafetensors(at(`${name}.out`), 1e6);
      const expected = await runCompiled(policy, schedules, first);
      const { sample, action } = expected;
      assert.deepEqual(tensors.get('sample')!.shape, [1, a.horizon, a.action_dim]);
      assert.deepEqual(tensors.get('action')!.shape, [1, a.n_action_steps, a.action_dim]);
      assertClose(tensors.get('sample')!.data as Float32Array, sample, 1e-5, 'sample');
      assertClose(tensors.get('action')!.data as Float32Array, action, 1e-4, 'action');
    });
  }
});
