import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Refusal, itRefuses } from '../support/cli_refusals.js';
import { damagedManifests } from '../support/damaged_manifests.js';
import { type Fixture, fixture } from '../support/fixtures.js';

/** Commands in turn, so that each reads some of the damaged packages. */
const COMMANDS = ['run', 'compile', 'bench'] as const;

describe('bad input: policy packages', () => {
  let full: Fixture;
  before(async () => {
    full = await fixture('full');
  });

  let turn = 0;
  /** Any command on a copy of the package that `damage` has changed. */
  const refused = (says: RegExp, damage: (policy: string) => void): Refusal => {
    const command = COMMANDS[turn++ % COMMANDS.length]!;
    return {
      says,
      prepare: (directory, outputs) => {
        const policy = join(directory, 'policy');
        cpSync(full.policy.directory, policy, { recursive: true });
        damage(policy);
        const output = join(outputs, 'out');
        return {
          run: ['run', policy, '--input', full.vectorsPath, '--output', output],
          compile: ['compile', policy, '--output', output],
          bench: ['bench', policy, '--chunks', '1', '--json'],
        }[command];
      },
    };
  };
  const weights = (policy: string): string => join(policy, 'denoiser.safetensors');

  itRefuses({
    'nothing there': refused(/policy\.json: does not exist/, (policy) =>
      rmSync(policy, { recursive: true }),
    ),
    'a directory without a manifest': refused(/policy\.json: does not exist/, (policy) =>
      rmSync(join(policy, 'policy.json')),
    ),
    'a file instead of a directory': refused(/policy\.json: does not exist/, (policy) => {
      rmSync(policy, { recursive: true });
      writeFileSync(policy, 'policy');
    }),
    'a manifest cut off': refused(/policy\.json: is not JSON/, (policy) =>
      truncateSync(join(policy, 'policy.json'), 100),
    ),
    'a manifest of 5 MB': refused(/policy\.json: is 5\.0 MiB, more than the 4\.0 MiB/, (policy) =>
      truncateSync(join(policy, 'policy.json'), 5 * 1024 ** 2),
    ),
    'one byte of the weights flipped': refused(
      /denoiser\.safetensors: does not have the digest that policy\.json gives/,
      (policy) => {
        const bytes = readFileSync(weights(policy));
        bytes[bytes.length >> 1]! ^= 0x10;
        writeFileSync(weights(policy), bytes);
      },
    ),
    'weights cut off': refused(/denoiser\.safetensors: has 4000 bytes, policy\.json/, (policy) =>
      truncateSync(weights(policy), 4000),
    ),
    'weights missing': refused(/denoiser\.safetensors: does not exist/, (policy) =>
      rmSync(weights(policy)),
    ),
    'an architecture that the weights do not have': refused(
      /denoiser\.safetensors: tensor 'pos_emb' is \[1, 10, 12\], not \[1, 12, 12\]/,
      (policy) => {
        const path = join(policy, 'policy.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"horizon": 10', '"horizon": 12'));
      },
    ),
    // A few of all that parseManifest refuses: what matters here is how a command says it.
    ...Object.fromEntries(
      damagedManifests
        .filter((_, i) => i % 4 === 0)
        .map(({ name, change, field }) => [
          `a manifest with ${name}`,
          refused(new RegExp(`policy\\.json: .*${field.replaceAll('.', '\\.')}`), (policy) => {
            const path = join(policy, 'policy.json');
            const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
            change(manifest as never);
            writeFileSync(path, JSON.stringify(manifest));
          }),
        ]),
    ),
  });
});
