import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe('check_tools.sh', () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'bac_policy tools '));
    symlinkSync('/bin/bash', join(directory, 'bash'));
  });

  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  /** Runs the check with nothing on the PATH but programs that print a version and exit with 1. */
  function check(tool: string, programs: Readonly<Record<string, string>>): string {
    for (const [name, version] of Object.entries(programs)) {
      const path = join(directory, name);
      writeFileSync(path, `#!/bin/bash\n[ "$1" = --version ] && echo "${version}"\n`);
      chmodSync(path, 0o755);
    }
    const { status, stderr } = spawnSync('/bin/bash', ['scripts/check_tools.sh', tool], {
      encoding: 'utf8',
      env: { PATH: directory },
    });
    assert.equal(status, 1);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    return stderr;
  }

  it('says in one line what is missing', () => {
    assert.match(check('node', {}), /20\.20 or newer is needed, and there is no node on the PATH/);
    assert.match(check('python', {}), /apt-get install python3 python3-venv/);
  });

  it('says in one line what is too old', () => {
    assert.match(
      check('node', { node: 'v18.0.0' }),
      /20\.20 or newer is needed, .*node is v18\.0\.0/,
    );
    assert.match(check('python', { python3: 'Python 3.9.2' }), /is Python 3\.9\.2/);
  });

  it('accepts what the tests themselves run with', () => {
    const { status, stderr } = spawnSync('scripts/check_tools.sh', ['node'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
});
