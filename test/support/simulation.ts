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
  const reason = `${SIMULATION_PYTHON} is missing; make simulation sets it up`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  process.stdout.write(`    skipped: ${reason}\n`);
  context.skip();
}
