import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uniformPlan } from '../../src/caching/methods/uniform.js';
import { BadInput } from '../../src/errors.js';
import { sha256 } from '../../src/files.js';
import type { PolicyManifest } from '../../src/policy/manifest.js';
import { floatTensor } from '../../src/policy/safetensors.js';
import { readPlan, readPlanFor, writePlan } from '../../src/policy/plan_file.js';

const POLICY = '12'.repeat(32);
const plan = uniformPlan(
  { policySha256: POLICY, layers: 1, steps: 6, solver: 'ddpm' },
  { updates: 2 },
);
/** As much of a policy as a plan is checked against. */
const policy = (kind: 'ddpm' | 'ddim'): { sha256: string; manifest: PolicyManifest } => ({
  sha256: POLICY,
  manifest: {
    architecture: { layers: 1 },
    noise_scheduler: { steps: 6, kind },
  } as PolicyManifest,
});

describe('plan files', () => {
  let directory = '';
  let path = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'bac_policy_'));
    path = join(directory, 'plan.json');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('read back as written, with the digest of their bytes, one line per block', async () => {
    await writePlan(path, plan);
    const read = await readPlanFor(path, policy('ddpm'));
    assert.deepEqual(read, { plan, sha256: sha256(readFileSync(path)), constants: new Map() });
    assert.equal(readFileSync(path, 'utf8').match(/^ {4}\{"layer":0,.*\},?$/gm)?.length, 3);
    assert.deepEqual(readdirSync(directory), ['plan.json']);
  });

  it('are refused when missing or cut off', async () => {
    await assert.rejects(readPlan(path), (error) => error instanceof BadInput);
    await writePlan(path, plan);
    writeFileSync(path, readFileSync(path).subarray(0, 200));
    await assert.rejects(
      readPlan(path),
      (error) => error instanceof BadInput && /is not JSON/.test(error.message),
    );
  });

  it('keep their constants beside them and are refused with others', async () => {
    const constants = new Map([['affine.0.offset', floatTensor([2], Float32Array.of(1, 2))]]);
    const written = await writePlan(path, plan, constants);
    assert.deepEqual(readdirSync(directory).sort(), ['plan.json', 'plan.safetensors']);
    assert.deepEqual(await readPlan(path), written);
    assert.deepEqual(written.constants, constants);
    const other = join(directory, 'plan.safetensors');
    writeFileSync(other, readFileSync(other).fill(1, 8 + readFileSync(other).indexOf('}}')));
    await assert.rejects(readPlan(path), /plan\.safetensors: is not the file of constants/);
    rmSync(other);
    await assert.rejects(readPlan(path), (error) => error instanceof BadInput);
  });
});
