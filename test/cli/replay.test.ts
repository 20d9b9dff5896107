import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { replayCommand } from '../../src/cli/replay.js';
import { BadInput } from '../../src/errors.js';
import { sha256 } from '../../src/files.js';
import type { PolicyManifest } from '../../src/policy/manifest.js';
import { encodeSafetensors } from '../../src/policy/safetensors.js';
import { jointStates, makeMcap } from '../bag/make_bag.js';
import { temporaryDirectory } from '../bag/temporary_directory.js';
import { policyManifest } from '../control/policy_manifest.js';
import { fakePolicy } from '../replay/fake_policy.js';
import { runCli } from './run_cli.js';

const MANIFEST = policyManifest({
  observation_sources: [
    {
      name: 'arm',
      topic: 'joint_states',
      type: 'sensor_msgs/msg/JointState',
      field: 'position',
      names: ['j1', 'j2'],
    },
  ],
});

describe('bac-policy replay', () => {
  const directory = temporaryDirectory();
  /** A package that is whole but for its weights. */
  const writePackage = (manifest: PolicyManifest): string => {
    const weights = encodeSafetensors([]);
    const files = {
      'denoiser.safetensors': { sha256: sha256(weights), bytes: weights.length },
    };
    mkdirSync(directory.at('policy'), { recursive: true });
    writeFileSync(directory.at('policy/denoiser.safetensors'), weights);
    writeFileSync(directory.at('policy/policy.json'), JSON.stringify({ ...manifest, files }));
    return directory.at('policy');
  };
  const writeJoints = async (name = 'in.mcap'): Promise<string> => {
    writeFileSync(directory.at(name), await makeMcap(jointStates(30)));
    return directory.at(name);
  };
  /** Runs the command with a policy that needs no network, and gives what it printed. */
  const run = async (...args: string[]): Promise<string> => {
    const printed: string[] = [];
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (text): boolean => printed.push(String(text)) > 0;
    try {
      const command = replayCommand(async () => Promise.resolve(fakePolicy(MANIFEST)));
      await command.exitOverride().parseAsync(args, { from: 'user' });
    } finally {
      process.stdout.write = write;
    }
    return printed.join('');
  };
  const refuses = async (what: RegExp, ...args: string[]): Promise<void> => {
    await assert.rejects(run(...args), (error: unknown) => {
      assert.ok(error instanceof BadInput, String(error));
      assert.match(error.message, what);
      return true;
    });
    assert.ok(!existsSync(directory.at('out')));
    assert.ok(!readdirSync(directory.path).some((name) => name.endsWith('.part')));
  };

  it('says in plain words what happened', async () => {
    const bag = await writeJoints();
    const text = await run(writePackage(MANIFEST), '--bag', bag, '-o', directory.at('out'));
    assert.match(text, /^8 chunks in 1 episode of 30 control ticks at 20 Hz; 8 of 8 were ready/);
    assert.match(text, /denoise a chunk +2\.50 +2\.50/);
    assert.match(text, /arm +\/joint_states +30 +30 +0 +0 +0/);
    assert.match(text, /Written to .*out: topics \/policy\/joint_trajectory and/);
    assert.ok(existsSync(directory.at('out/statistics.json')));
  });

  it('prints the statistics as JSON', async () => {
    const bag = await writeJoints();
    const out = directory.at('out.mcap');
    const args = ['--bag', bag, '-o', out, '--seed', '7', '--max-age', '250', '--json'];
    const statistics = JSON.parse(await run(writePackage(MANIFEST), ...args)) as object;
    const { chunks, seed, max_age_ms } = statistics as Record<string, unknown>;
    assert.deepEqual([chunks, seed, max_age_ms], [8, 7, 250]);
    assert.ok(existsSync(out) && existsSync(`${out}.statistics.json`));
  });

  it('refuses bad input and writes nothing', async () => {
    const bag = await writeJoints();
    const policy = writePackage(MANIFEST);
    const out = ['-o', directory.at('out')];
    await refuses(/gone: does not exist/, policy, '--bag', directory.at('gone'), ...out);
    await refuses(/is not an MCAP file/, policy, '--bag', `${policy}/policy.json`, ...out);
    await refuses(/has no metadata\.yaml/, policy, '--bag', policy, ...out);
    const remap = ['--remap', 'joint_states:=arm'];
    await refuses(/has no topic \/arm, only \/joint/, policy, '--bag', bag, ...remap, ...out);
    await refuses(/is the bag that is read/, policy, '--bag', bag, '-o', bag);
    await refuses(/does not exist/, directory.at('no_policy'), '--bag', bag, ...out);
    const bare = writePackage(policyManifest());
    await refuses(/policy: observation_sources is missing.*import/, bare, '--bag', bag, ...out);
  });

  it('leaves with code 2: for bad input after one line, for bad usage', async () => {
    const out = directory.at('out');
    const policy = writePackage(MANIFEST);
    const topic = '/elsewhere';
    const entries = jointStates(5).map((entry) => ({ ...entry, topic }));
    writeFileSync(directory.at('in.mcap'), await makeMcap(entries));
    const input = runCli('replay', policy, '--bag', directory.at('in.mcap'), '-o', out);
    assert.equal(input.status, 2, input.stderr);
    assert.match(input.stderr, /^bac-policy: .*has no topic \/joint_states, only \/elsewhere.*\n$/);
    assert.equal(input.stdout, '');
    assert.ok(!existsSync(out));
    const usage = runCli('replay', policy, '--bag', 'x', '-o', out, '--remap', 'a=b');
    assert.equal(usage.status, 2, usage.stderr);
    assert.match(usage.stderr, /FROM:=TO/);
  });
});
