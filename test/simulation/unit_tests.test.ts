import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../ros/ros_environment.js';
import { requireSimulation, SIMULATION_PYTHON } from '../support/simulation.js';

/** Files of Python tests, by module; those that need ROS 2 skip themselves without it. */
const MODULES = readdirSync(join(ROOT, 'simulation/test'))
  .filter((name) => /^test_\w+\.py$/.test(name))
  .map((name) => name.replace('.py', ''));

describe('the simulated robot', function () {
  this.timeout(600_000);
  before(function () {
    requireSimulation(this);
  });

  for (const name of MODULES) {
    it(`passes ${name}.py`, () => {
      const { status, stderr } = spawnSync(
        SIMULATION_PYTHON,
        ['-m', 'unittest', '-v', `simulation.test.${name}`],
        { cwd: ROOT, encoding: 'utf8' },
      );
      assert.equal(status, 0, stderr);
      assert.match(stderr, /^Ran [1-9]\d* tests? in/m);
      const reasons = [...stderr.matchAll(/\.\.\. skipped ['"](.*)['"]$/gm)].map(([, why]) => why);
      for (const reason of new Set(reasons)) {
        process.stdout.write(`    skipped: some of ${name}.py: ${reason}\n`);
      }
    });
  }
});
