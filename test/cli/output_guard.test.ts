import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../support/temporary_directory.js';
import { runCli } from './run_cli.js';

describe('outputs that would destroy something', () => {
  const directory = temporaryDirectory();
  const at = (...names: string[]): string => join(directory, ...names);

  const refuses = (message: RegExp, ...args: string[]): void => {
    const { status, stderr } = runCli(...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  };

  it('are refused where they are the input', () => {
    writeFileSync(at('vectors'), 'precious');
    mkdirSync(at('policy'));
    refuses(
      /is read by this command/,
      'run',
      at('policy'),
      '--input',
      at('vectors'),
      '--output',
      at('vectors'),
    );
    refuses(
      /is read by this command/,
      'replay',
      at('policy'),
      '--bag',
      at('vectors'),
      '-o',
      at('policy', '..', 'vectors'),
    );
    assert.equal(readFileSync(at('vectors'), 'utf8'), 'precious');
  });

  it('are refused where they are part of a policy package', () => {
    copyFileSync(at('vectors'), at('policy', 'policy.json'));
    refuses(
      /belongs to a policy package/,
      'plan',
      at('policy'),
      '--method',
      'dense',
      '-o',
      at('policy', 'policy.json'),
    );
  });

  it('are refused where a package is to replace a file', () => {
    refuses(/is read by this command/, 'import', at('vectors'), '-o', at('vectors'));
  });

  it('leave one line where a directory is a file', () => {
    const { status, stderr } = runCli('import', at('vectors'), '-o', at('vectors', 'below'));
    assert.notEqual(status, 0);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  });
});
