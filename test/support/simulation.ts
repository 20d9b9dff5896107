import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { ROOT } from '../ros/ros_environment.js';

/** The Python of `make simulation`; BAC_POLICY_SIMULATION names another. */
export const SIMULATION_PYTHON =
  process.env['BAC_POLICY_SIMULATION'] ?? join(ROOT, '.sim/bin/python');

/** Skips a suite, saying why, where the simulated robot is not set up; with CI=true it must be. */
export function requireSimulation(context: Context): void {
  if (existsSync(SIMULATION_PYTHON)) return;
  skip(context, `${SIMULATION_PYTHON} is missing; make simulation sets it up`);
}

/** The same where there is nothing to draw the robot's pictures with. */
export function requirePictures(context: Context): void {
  const asks = 'import simulation, os, sys; sys.exit(os.environ["MUJOCO_GL"] == "disable")';
  const { status } = spawnSync(SIMULATION_PYTHON, ['-c', asks], { cwd: ROOT });
  if (status !== 0) skip(context, 'pictures of the simulated robot need libegl1 (or libosmesa6)');
}

function skip(context: Context, reason: string): void {
  if (process.env['CI'] === 'true') throw new Error(reason);
  process.stdout.write(`    skipped: ${reason}\n`);
  context.skip();
}
