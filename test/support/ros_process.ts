import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../ros/ros_environment.js';
import './cache_directory.js';

const KEPT_OUTPUT = 100_000;
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

let known: NodeJS.ProcessEnv | undefined;

/** What `. scripts/ros/env.bash` makes of this process' environment, with a ROS domain of its own. */
export function rosVariables(): NodeJS.ProcessEnv {
  if (!known) {
    const script = '. "$0" && exec env -0';
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['-c', script, join(ROOT, 'scripts/ros/env.bash')],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stderr);
    const pairs = stdout.split('\0').filter((line) => line.includes('='));
    known = Object.fromEntries(
      pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    known['ROS_DOMAIN_ID'] = String(claimDomain());
  }
  return known;
}

/** A number from 1 to 100 that no other test on this machine uses: each has its own robots. */
function claimDomain(): number {
  for (let i = 0; i < 100; i++) {
    const domain = 1 + ((process.pid + i) % 100);
    const claim = join(tmpdir(), `bac_policy_ros_domain_${domain}`);
    try {
      mkdirSync(claim);
    } catch {
      if (isHeld(claim)) continue;
    }
    writeFileSync(join(claim, 'pid'), String(process.pid));
    process.on('exit', () => rmSync(claim, { recursive: true, force: true }));
    return domain;
  }
  throw new Error('all 100 ROS domains are in use');
}

function isHeld(claim: string): boolean {
  try {
    process.kill(Number(readFileSync(join(claim, 'pid'), 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
}

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program in the environment of ROS 2, which ends with the test process at the latest. */
export class RosProcess {
  readonly child: ChildProcess;
  /** How it ends. */
  readonly ended: Promise<Ended>;
  #output = '';

  /** @param stdin whether it listens to what is written to {@link child} */
  constructor(
    command: readonly string[],
    variables: NodeJS.ProcessEnv = {},
    stdin: 'pipe' | 'ignore' = 'ignore',
  ) {
    this.child = spawn(command[0]!, command.slice(1), {
      stdio: [stdin, 'pipe', 'pipe'],
      env: { ...rosVariables(), ...variables },
    });
    running.add(this.child);
    for (const stream of stdin === 'ignore'
      ? [this.child.stdout!, this.child.stderr!]
      : [this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
      });
    }
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        running.delete(this.child);
        resolve({ code, signal });
      });
    });
    this.ended.catch(() => undefined);
  }

  /** What it said, without what it was asked for on stdout. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends a signal and waits for the end. @throws Error when it is still there after so many ms */
  async stop(signal: NodeJS.Signals, withinMs: number): Promise<Ended & { ms: number }> {
    const begin = performance.now();
    this.child.kill(signal);
    const ended = await Promise.race([this.ended, sleep(withinMs, undefined, { ref: false })]);
    if (ended) return { ...ended, ms: performance.now() - begin };
    this.child.kill('SIGKILL');
    await this.ended;
    throw new Error(`still there ${withinMs} ms after ${signal}; it said: ${this.#output}`);
  }
}
