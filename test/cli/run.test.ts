import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededBatchNoise } from '../../src/inference/seeded_batch_noise.js';
import { sha256 } from '../../src/files.js';
import {
  decodeSafetensors,
  floatTensor,
  type Tensor,
  writeSafetensors,
} from '../../src/policy/safetensors.js';
import { assertClose } from '../support/assert_close.js';
import { runCompiled } from '../support/engines.js';
import { type Fixture, fixture } from '../support/fixtures.js';
import { writePlanFor } from '../support/plans.js';
import { bacLike } from '../support/schedules.js';
import { temporaryDirectory } from '../support/temporary_directory.js';
import { runCli, runCliWith } from './run_cli.js';

describe('bac-policy run', () => {
  const directory = temporaryDirectory();
  const at = (name: string): string => join(directory, name);
  let full: Fixture;
  before(async () => {
    full = await fixture('full');
  });

  /** Runs it and gives what it wrote and said. */
  const run = (input: string, output: string, ...options: string[]) => {
    const policy = full.policy.directory;
    const args = ['run', policy, '--input', input, '--output', at(output), ...options];
    const { status, stdout, stderr } = runCli(...args);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    const bytes = readFileSync(at(output));
    const { tensors } = decodeSafetensors(bytes, output);
    const floats = (name: string): Float32Array => tensors.get(name)!.data as Float32Array;
    return { stdout, tensors, bytes, sample: floats('sample'), action: floats('action') };
  };

  it('gives what PyTorch gave, as 32-bit floats, sample (N, T, A) and action (N, Ta, A)', () => {
    const { tensors, sample, action, stdout } = run(full.vectorsPath, 'dense');
    assert.deepEqual([...tensors.keys()].sort(), ['action', 'sample']);
    assert.deepEqual(tensors.get('sample')!.shape, [3, 10, 4]);
    assert.deepEqual(tensors.get('action')!.shape, [3, 8, 4]);
    assert.deepEqual(
      [...tensors.values()].map(({ dtype }) => dtype),
      ['F32', 'F32'],
    );
    assertClose(sample, full.reference('sample'), 1e-4, 'sample');
    assertClose(action, full.reference('action'), 1e-3, 'action');
    assert.match(stdout, /^3 samples, dense, compiled: written to .*dense\n$/);
  });

  it('runs a plan on both engines, and says what it ran', async () => {
    const { policy, inputs, vectorsPath } = full;
    const schedules = bacLike(6, 20, 3, 4);
    const plan = writePlanFor(policy, schedules, at('plan.json'));
    const compiled = run(vectorsPath, 'compiled', '--plan', plan, '--json');
    const blocks = run(vectorsPath, 'blocks', '--plan', plan, '--engine', 'interpreter', '--json');
    assertClose(compiled.sample, blocks.sample, 1e-4, 'both engines');
    const expected = await runCompiled(policy, schedules, inputs);
    assert.deepEqual(compiled.sample, expected.sample);
    assertClose(compiled.action, expected.action, 1e-5, 'action');
    assert.ok(
      compiled.sample.some((value, i) => Math.abs(value - full.reference('sample')[i]!) > 1e-3),
      'the plan makes a difference',
    );
    const common = {
      samples: 3,
      plan_sha256: sha256(readFileSync(plan)),
      policy_sha256: policy.sha256,
    };
    assert.deepEqual(JSON.parse(compiled.stdout), {
      ...common,
      output: at('compiled'),
      engine: 'compiled',
    });
    assert.deepEqual(JSON.parse(blocks.stdout), {
      ...common,
      output: at('blocks'),
      engine: 'interpreter',
    });
  });

  it('takes observations in physical units, or conditions that are normalised already', async () => {
    const { policy, inputs } = full;
    const { n_obs_steps: window, condition_dim: width } = policy.manifest.architecture;
    const noises: [string, ReturnType<typeof floatTensor>][] = [
      ['initial_noise', floatTensor([3, 10, 4], inputs.initialNoise)],
      ['step_noise', floatTensor([20, 3, 10, 4], inputs.stepNoise)],
    ];
    const condition = floatTensor([3, window, width], inputs.condition);
    await writeSafetensors(at('condition.in'), [['condition', condition], ...noises]);
    const physical = floatTensor([3, window, width], full.reference('observation'));
    await writeSafetensors(at('named.in'), [['observation.observation', physical], ...noises]);
    const doubles: Tensor = { ...physical, dtype: 'F64', data: Float64Array.from(physical.data) };
    await writeSafetensors(at('doubles.in'), [['observation', doubles], ...noises]);
    const { bytes } = run(full.vectorsPath, 'observation');
    assert.ok(run(at('doubles.in'), 'doubles').bytes.equals(bytes));
    assert.ok(run(at('condition.in'), 'condition').bytes.equals(bytes));
    assert.ok(run(at('named.in'), 'named').bytes.equals(bytes));
  });

  it('makes the noises by seed where the input has none, the same for the same seed', async () => {
    const { policy, inputs } = full;
    const observation = floatTensor([3, 2, 7], full.reference('observation'));
    await writeSafetensors(at('observation.in'), [['observation', observation]]);
    const seeded = run(at('observation.in'), 'seeded', '--seed', '5');
    assert.ok(run(at('observation.in'), 'again', '--seed', '5').bytes.equals(seeded.bytes));
    assert.ok(!run(at('observation.in'), 'other').bytes.equals(seeded.bytes));
    const noises = seededBatchNoise(5, 3, policy.manifest);
    const expected = await runCompiled(policy, undefined, { ...inputs, ...noises });
    assert.deepEqual(seeded.sample, expected.sample);
  });

  it('needs no step noise for a solver that adds none', async () => {
    const ddim = await fixture('ddim');
    const args = ['--input', ddim.vectorsPath, '--output', at('ddim'), '--threads', '2'];
    const { status, stderr } = runCli('run', ddim.policy.directory, ...args);
    assert.equal(status, 0, stderr);
    const { tensors } = decodeSafetensors(readFileSync(at('ddim')), 'ddim');
    const sample = tensors.get('sample')!.data as Float32Array;
    assertClose(sample, ddim.reference('sample'), 1e-4, 'sample');
  });

  it('takes many files from standard input, and gives what single runs give', () => {
    const { bytes } = run(full.vectorsPath, 'single');
    const jobs = ['first', 'second'].map((name) => ({
      input: full.vectorsPath,
      output: at(name),
    }));
    const given = jobs.map((job) => `${JSON.stringify(job)}\n`).join('');
    const { status, stdout, stderr } = stream(given);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    const said = stdout.trim().split('\n');
    assert.deepEqual(
      said.map((line) => (JSON.parse(line) as { output: string; samples: number }).output),
      jobs.map(({ output }) => output),
    );
    for (const { output } of jobs) assert.ok(readFileSync(output).equals(bytes), output);
  });

  for (const [name, line, message] of [
    ['is no JSON', 'in out', /standard input, line 1: .*; give \{"input": "FILE"/],
    ['lacks the output', '{"input": "a"}', /standard input, line 1: /],
    ['overwrites its input', '{"input": "a", "output": "./a"}', /a is input and output/],
    ['names no file', '{"input": "missing", "output": "b"}', /missing/],
  ] as const) {
    it(`says what is wrong with a line that ${name}`, () => {
      const { status, stdout, stderr } = stream(`${line}\n`);
      assert.equal(status, 2);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split('\n').length, 1);
      assert.equal(stdout, '');
    });
  }

  it("leaves the policy's own files alone", () => {
    const output = join(full.policy.directory, 'denoiser.safetensors');
    const before = readFileSync(output);
    const { status, stderr } = stream(`${JSON.stringify({ input: full.vectorsPath, output })}\n`);
    assert.equal(status, 2);
    assert.match(stderr, /belongs to a policy package; choose another output path/);
    assert.ok(readFileSync(output).equals(before));
  });

  function stream(given: string): { status: number | null; stdout: string; stderr: string } {
    return runCliWith(given, 'run', full.policy.directory, '--stream');
  }

  it('makes the directory of its output', () => {
    assert.ok(run(full.vectorsPath, 'new/directory/out').bytes.length > 0);
  });
});
