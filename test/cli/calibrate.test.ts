import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blockName } from '../../src/caching/blocks.js';
import { FeatureStatistics } from '../../src/caching/feature_statistics.js';
import type { Plan } from '../../src/caching/plan.js';
import { readCalibration } from '../../src/policy/calibration_file.js';
import {
  readSafetensors,
  writeSafetensors,
  type FloatTensor,
  type Tensor,
} from '../../src/policy/safetensors.js';
import { bacReference, needsNumpy } from '../caching/numpy_reference.js';
import { runCli, type CliResult } from './run_cli.js';

const root = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const CHECKPOINT = root('test/fixtures/checkpoints/full.ckpt');
const VECTORS = root('test/fixtures/checkpoints/full_vectors.safetensors');

describe('bac-policy calibrate', () => {
  let directory = '';
  const at = (name: string): string => join(directory, name);
  const calibrate = (...args: string[]): CliResult => runCli('calibrate', at('policy'), ...args);
  const succeeds = (result: CliResult): Record<string, unknown> => {
    assert.equal(result.status, 0, result.stderr);
    assert.equal(result.stderr, '');
    return JSON.parse(result.stdout) as Record<string, unknown>;
  };

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'bac_policy_'));
    const imported = runCli('import', CHECKPOINT, '-o', at('policy'));
    assert.equal(imported.status, 0, imported.stderr);
    succeeds(
      calibrate('--vectors', VECTORS, '-o', at('all'), '--features', at('features'), '--json'),
    );
  });
  after(() => rmSync(directory, { recursive: true }));

  it('keeps the statistics of the features it writes', async () => {
    const calibration = await readCalibration(at('all'));
    const { tensors } = await readSafetensors(at('features'), 1e8);
    assert.equal(calibration.samples, 3);
    assert.equal(tensors.size, calibration.blocks.length);
    for (const { block, statistics } of calibration.blocks) {
      const tensor = tensors.get(`features.${blockName(block)}`) as FloatTensor;
      const [steps, samples, tokens, embedding] = tensor.shape as [number, number, number, number];
      assert.deepEqual([steps, samples], [calibration.steps, 3]);
      const size = samples * tokens * embedding;
      const again = new FeatureStatistics(steps);
      again.add(
        Array.from({ length: steps }, (_, k) => tensor.data.subarray(k * size, (k + 1) * size)),
      );
      assert.deepEqual(again.result(), statistics);
      assert.ok(statistics.absoluteDifference[1]! > 0);
    }
  });

  it('gives the schedules that the numpy reference computes from its features', function () {
    needsNumpy(this);
    const options = ['--updates', '5', '--bubbling', '2'];
    const reference = bacReference(at('features'), ...options);
    const planned = runCli(
      ...['plan', at('policy'), '--calibration', at('all'), '--method', 'bac'],
      ...[...options, '-o', at('plan.json')],
    );
    assert.equal(planned.status, 0, planned.stderr);
    const plan = JSON.parse(readFileSync(at('plan.json'), 'utf8')) as Plan;
    assert.deepEqual(
      plan.blocks.map(({ updates }) => updates),
      reference.map(({ updates }) => updates),
    );
  });

  it('is repeatable, seeds the noise that is not given and takes fewer samples', async () => {
    const { tensors } = await readSafetensors(VECTORS, 1e8);
    await writeSafetensors(at('bare'), [['observation', tensors.get('observation')!]]);
    const made = (name: string, ...args: string[]): Buffer => {
      succeeds(calibrate('--vectors', at('bare'), '-o', at(name), '--json', ...args));
      return readFileSync(at(name));
    };
    const first = made('first');
    assert.deepEqual(made('first'), first);
    assert.notDeepEqual(made('other', '--seed', '1'), first);
    const summary = succeeds(
      calibrate('--vectors', VECTORS, '--samples', '2', '-o', at('two'), '--json'),
    );
    assert.deepEqual([summary['samples'], summary['available']], [2, 3]);
    assert.equal((await readCalibration(at('two'))).samples, 2);
  });

  it('takes observations from bags', async () => {
    const imported = runCli(
      ...['import', root('demo/lift_tiny/lift_lowdim_tiny.ckpt'), '-o', at('lift')],
      ...['--sources', root('config/sources/lift_lowdim.yaml')],
    );
    assert.equal(imported.status, 0, imported.stderr);
    const bag = root('demo/lift_tiny/bag');
    const summary = succeeds(
      runCli(
        ...['calibrate', at('lift'), '--bag', bag, bag, '--samples', '3'],
        ...['--trajectories', '8', '-o', at('from_bag'), '--json'],
      ),
    );
    assert.equal(summary['samples'], 3);
    assert.ok((summary['available'] as number) > 100);
    const { samples, sources } = await readCalibration(at('from_bag'));
    assert.equal(samples, 3);
    assert.equal(sources.length, 2);
  });

  describe('refuses', () => {
    const refused = (message: RegExp, ...args: string[]): void => {
      const before = readdirSync(directory);
      const result = calibrate('-o', at('refused'), ...args);
      assert.equal(result.status, 2, result.stderr);
      assert.match(result.stderr, message);
      assert.equal(result.stderr.trim().split('\n').length, 1);
      assert.deepEqual(readdirSync(directory), before);
    };
    const changed = async (name: string, observation: Tensor): Promise<string> => {
      await writeSafetensors(at(name), [['observation', observation]]);
      return at(name);
    };

    it('neither or both of bag and vectors', () => {
      refused(/give one of --bag and --vectors/);
      refused(/give one of --bag and --vectors/, '--vectors', VECTORS, '--bag', directory);
    });

    it('observations that are no numbers or of another width', async () => {
      const data = new Float32Array(14).fill(NaN);
      const nan = await changed('nan', { dtype: 'F32', shape: [1, 2, 7], data });
      refused(/nan: tensor 'observation' holds NaN/, '--vectors', nan);
      const wide = await changed('wide', { dtype: 'F32', shape: [1, 1, 14], data });
      refused(/wide: tensor 'observation' is F32 \(1, 1, 14\)/, '--vectors', wide);
    });

    it('a bag for a policy that says not where its observations come from', () => {
      refused(/observation_sources/, '--bag', root('demo/lift_tiny/bag'));
    });
  });
});
