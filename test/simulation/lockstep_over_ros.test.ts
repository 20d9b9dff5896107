import assert from 'node:assert/strict';
import { join } from 'node:path';
import { requireRos, ROOT, runWithRos } from '../ros/ros_environment.js';
import { liftPolicy } from '../support/ros_policies.js';
import { requirePictures, requireSimulation, SIMULATION_PYTHON } from '../support/simulation.js';

const SCRIPT = join(ROOT, 'test/simulation/lockstep_and_batched.py');

interface Compared {
  readonly steps: [ros: (number | null)[], batched: (number | null)[]];
  readonly lengths: [ros: number[], batched: number[]];
  /** Largest difference of an action's number, rad or m, in each episode. */
  readonly apart: number[];
  readonly chunks: number;
}

describe('the simulated robot over ROS in lockstep', function () {
  this.timeout(180_000);
  before(function () {
    requireRos(this);
    requireSimulation(this);
  });

  it('executes the actions of the batched evaluation', async () => {
    const { directory, plan } = await liftPolicy();
    holdsTheSame(directory, plan.path, 5);
  });

  it('executes them too where the policy sees pictures', function () {
    requirePictures(this);
    const policy = join(ROOT, 'demo/lift_camera/policy');
    holdsTheSame(policy, join(policy, 'plans/fast.json'), 2);
  });
});

function holdsTheSame(policy: string, plan: string, episodes: number): void {
  const command = ['env', `PYTHONPATH=${pythonPath()}`, SIMULATION_PYTHON, SCRIPT];
  const said = runWithRos([...command, policy, plan, String(episodes)]);
  const { steps, lengths, apart, chunks } = JSON.parse(said) as Compared;
  assert.deepEqual(steps[0], steps[1]);
  assert.deepEqual(lengths[0], lengths[1]);
  assert.equal(apart.length, episodes);
  assert.ok(Math.max(...apart) <= 1e-6, `actions are ${Math.max(...apart)} apart`);
  assert.equal(
    chunks,
    lengths[0].reduce((sum, length) => sum + Math.ceil(length / 8), 0),
  );
}

/** What ROS needs, and the root, where the package `simulation` lies. */
function pythonPath(): string {
  return `${ROOT}:${runWithRos(['printenv', 'PYTHONPATH']).trim()}`;
}
