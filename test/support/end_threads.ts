/**
 * Preloaded into a node (NODE_OPTIONS=--import), whose other threads then end as a crash ends them: each does so when
 * the file is there that BAC_POLICY_END_THREADS names, and takes it away.
 */
import { existsSync, rmSync } from 'node:fs';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

/** ms. */
const LOOK_MS = 20;
const file = process.env['BAC_POLICY_END_THREADS'];

if (!isMainThread && file !== undefined) {
  setInterval(() => {
    if (!existsSync(file)) return;
    rmSync(file, { force: true });
    // In a thread this ends the thread alone.
    process.exit(3);
  }, LOOK_MS).unref();
}
