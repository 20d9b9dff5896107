import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import { importDiffusionPolicy } from '../../src/importers/diffusion_policy.js';
import { readPickle } from '../../src/importers/pickle_reader.js';
import { TorchArchive } from '../../src/importers/torch_archive.js';
import { checkpointEntries, lowdimConfig, lowdimState } from './fake_checkpoint.js';
import { mutations } from './mutations.js';
import { temporaryDirectory, writeTemporary } from './temporary_files.js';
import { zip } from './zip_bytes.js';

/** Damaged pickles; `BAC_POLICY_FUZZ=1000000 npx mocha ...` runs more. */
const INPUTS = Number(process.env['BAC_POLICY_FUZZ'] ?? 2000);
/** Damaged files, which take longer each. */
const FILES = Math.ceil(INPUTS / 4);
const SEED = 20250614;

/** Runs a parser on one damaged input. @returns whether it was refused, which only BadInput may say */
async function isRefused(input: Buffer, parse: () => unknown): Promise<boolean> {
  try {
    await parse();
    return false;
  } catch (error) {
    if (error instanceof BadInput) return true;
    throw new Error(`not BadInput but: ${String(error)}; input ${input.toString('base64')}`, {
      cause: error,
    });
  }
}

describe('damaged checkpoints', function () {
  this.timeout(Math.max(60_000, INPUTS * 20));
  const directory = temporaryDirectory();
  const entries = checkpointEntries(lowdimConfig(), { model: lowdimState() });

  it('are refused or read, as pickles that torch wrote', async () => {
    const archive = await TorchArchive.open('test/fixtures/checkpoints/no_obs_history.ckpt');
    const original = await archive.pickle();
    archive.close();
    let refused = 0;
    for (const input of mutations(original, INPUTS, SEED)) {
      if (await isRefused(input, () => readPickle(input, 'x'))) refused++;
    }
    assert.ok(refused > INPUTS / 2, `${refused} of ${INPUTS} refused`);
  });

  it('are refused or imported, with a damaged pickle in a sound zip file', async () => {
    let refused = 0;
    for (const input of mutations(entries[0]!.content, FILES, SEED + 1)) {
      const file = zip([{ ...entries[0]!, content: input }, ...entries.slice(1)]);
      const path = writeTemporary(directory, 'pickle.ckpt', file);
      if (await isRefused(input, () => importDiffusionPolicy(path))) refused++;
    }
    assert.ok(refused > FILES / 2, `${refused} of ${FILES} refused`);
  });

  it('are refused or imported, with a damaged zip file', async () => {
    let refused = 0;
    for (const input of mutations(zip(entries), FILES, SEED + 2)) {
      const path = writeTemporary(directory, 'zip.ckpt', input);
      if (await isRefused(input, () => importDiffusionPolicy(path))) refused++;
    }
    assert.ok(refused > FILES / 2, `${refused} of ${FILES} refused`);
  });
});
