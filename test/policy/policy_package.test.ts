import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadInput } from '../../src/errors.js';
import { sha256 } from '../../src/files.js';
import { type PolicyPackage, readPolicyPackage } from '../../src/policy/policy_package.js';
import {
  elementCount,
  encodeSafetensors,
  floatTensor,
  type Tensor,
} from '../../src/policy/safetensors.js';
import { fixture } from '../support/fixtures.js';
import { damagedManifests } from '../support/damaged_manifests.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

describe('readPolicyPackage', () => {
  let original: PolicyPackage;
  let directory: string;
  const at = (name: string): string => join(directory, name);
  before(async () => {
    original = (await fixture('full')).policy;
  });
  beforeEach(() => {
    directory = join(temporaryDirectory(), 'policy');
    cpSync(original.directory, directory, { recursive: true });
  });

  const refuses = (file: string, message: RegExp): Promise<void> =>
    assert.rejects(
      readPolicyPackage(directory),
      (error) =>
        error instanceof BadInput &&
        error.message.startsWith(`${at(file)}: `) &&
        message.test(error.message),
    );

  it('is named by the digest of policy.json', async () => {
    const policy = await readPolicyPackage(directory);
    assert.equal(policy.sha256, sha256(readFileSync(at('policy.json'))));
    assert.equal(policy.sha256, original.sha256);
    assert.equal(policy.encoder, undefined);
    assert.ok(policy.denoiser.names().includes('head.weight'));
  });

  it('refuses what is not a package', async () => {
    rmSync(at('policy.json'));
    await refuses('policy.json', /does not exist/);
    directory = at('policy.json');
    await refuses('policy.json', /does not exist/);
  });

  it('refuses a manifest that is not JSON', async () => {
    writeFileSync(at('policy.json'), '{');
    await refuses('policy.json', /is not JSON/);
  });

  it('refuses weights that were changed, truncated or removed', async () => {
    const weights = readFileSync(at('denoiser.safetensors'));
    weights[weights.length - 1]! ^= 1;
    writeFileSync(at('denoiser.safetensors'), weights);
    await refuses('denoiser.safetensors', /does not have the digest/);
    truncateSync(at('denoiser.safetensors'), 1000);
    await refuses('denoiser.safetensors', /has 1000 bytes, policy.json says/);
    rmSync(at('denoiser.safetensors'));
    await refuses('denoiser.safetensors', /does not exist/);
  });

  it('refuses weights with a digest that fits and a content that does not', async () => {
    const replace = (bytes: Buffer): void => {
      const manifest = JSON.parse(readFileSync(at('policy.json'), 'utf8')) as {
        files: Record<string, object>;
      };
      manifest.files['denoiser.safetensors'] = { sha256: sha256(bytes), bytes: bytes.length };
      writeFileSync(at('policy.json'), JSON.stringify(manifest));
      writeFileSync(at('denoiser.safetensors'), bytes);
    };
    replace(Buffer.from('not safetensors at all'));
    await refuses('denoiser.safetensors', /declares a header/);

    const { architecture } = original.manifest;
    const shape = [1, architecture.horizon, architecture.embedding];
    const broken = async (name: string, tensor: Tensor): Promise<void> => {
      replace(encodeSafetensors([[name, tensor]]));
      const { denoiser } = await readPolicyPackage(directory);
      denoiser.get('pos_emb', shape);
    };
    const zeros = new Float32Array(elementCount(shape));
    const all: readonly [string, Parameters<typeof broken>, RegExp][] = [
      ['a tensor is missing', ['other', floatTensor(shape, zeros)], /'pos_emb' is missing/],
      ['its shape is another', ['pos_emb', floatTensor([zeros.length], zeros)], /is \[\d+\], not/],
      [
        'its type is another',
        ['pos_emb', { dtype: 'F64', shape, data: new Float64Array(zeros.length) }],
        /'pos_emb' is F64, not F32/,
      ],
      [
        'it holds NaN',
        ['pos_emb', floatTensor(shape, zeros.with(1, NaN))],
        /'pos_emb' holds values that are not finite/,
      ],
    ];
    for (const [what, args, message] of all) {
      await assert.rejects(
        broken(...args),
        (error) => error instanceof BadInput && message.test(error.message),
        what,
      );
    }
  });

  for (const { name, change, field } of damagedManifests) {
    it(`refuses a manifest with ${name}`, async () => {
      const manifest: unknown = JSON.parse(readFileSync(at('policy.json'), 'utf8'));
      change(manifest as never);
      writeFileSync(at('policy.json'), JSON.stringify(manifest));
      await refuses('policy.json', new RegExp(field.replaceAll('.', '\\.')));
    });
  }
});
