import { resolve } from 'node:path';
import { Command } from 'commander';
import { BadInput } from '../errors.js';
import { readDriftReference } from '../control/drift_constants.js';
import type { DriftReference } from '../control/drift_distance.js';
import { openPolicyRunner } from '../inference/open_policy_runner.js';
import type { PolicyManifest } from '../policy/manifest.js';
import { readPlan } from '../policy/plan_file.js';
import { readPolicyPackage } from '../policy/policy_package.js';
import { Replay, type ReplayedPolicy } from '../replay/replay.js';
import type { ReplayStatistics } from '../replay/replay_statistics.js';
import { type BagOptions, maxAgeOption, remapOption } from './bag_options.js';
import { integerOption, MAX_THREADS } from './integer_option.js';
import { progressBar, table } from './terminal.js';

interface ReplayCommandOptions extends BagOptions {
  readonly plan?: string;
  readonly bag: string;
  readonly output: string;
  readonly seed: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** Loads a policy package with its plan. */
export type OpenPolicy = (
  directory: string,
  options: { plan?: string; threads?: number },
) => Promise<ReplayedPolicy>;

/** `bac-policy replay`: the whole node's work on a bag, without ROS. */
export function replayCommand(openPolicy: OpenPolicy = openPolicyRunner): Command {
  return new Command('replay')
    .description(
      'Run a policy on the observations of a bag and write the robot trajectories it would have sent.',
    )
    .argument('<policy>', 'directory of a policy package')
    .option('--plan <plan>', 'caching plan (default: dense, every block at every step)')
    .requiredOption('--bag <bag>', 'bag to read: rosbag2 directory or .mcap file')
    .requiredOption(
      '-o, --output <bag>',
      'bag to write: rosbag2 directory, or file ending in .mcap',
    )
    .option('--seed <n>', 'seed of the noise', integerOption(0), 0)
    .addOption(maxAgeOption())
    .option('--threads <n>', 'threads of the denoiser', integerOption(1, MAX_THREADS))
    .addOption(remapOption())
    .option('--json', 'print the statistics for machines')
    .action(async (directory: string, options: ReplayCommandOptions) => {
      await runReplay(directory, options, openPolicy);
    });
}

async function runReplay(
  directory: string,
  options: ReplayCommandOptions,
  openPolicy: OpenPolicy,
): Promise<void> {
  const { plan, bag, output, seed, maxAge, threads, remap, json } = options;
  if (resolve(bag) === resolve(output)) {
    throw new BadInput('is the bag that is read', `--output ${output}`, 'choose another path');
  }
  const { manifest } = await readPolicyPackage(directory);
  const drift = plan === undefined ? undefined : await driftReferenceOf(plan, manifest);
  let advance = (): void => undefined;
  const replay = await Replay.open(manifest, {
    bag,
    out: output,
    seed,
    packagePath: directory,
    onWarning: (message) => process.stderr.write(`warning: ${message}\n`),
    onMessage: () => {
      advance();
    },
    ...(drift && { drift }),
    remap,
    ...(maxAge === undefined ? {} : { maxAgeMs: maxAge }),
  });
  const policy = await openPolicy(directory, {
    ...(plan === undefined ? {} : { plan }),
    ...(threads === undefined ? {} : { threads }),
  });
  const progress = progressBar('replaying', replay.messages);
  advance = () => {
    progress.advance();
  };
  let statistics: ReplayStatistics;
  try {
    statistics = await replay.run(policy);
  } finally {
    progress.stop();
    await policy.close();
  }
  console.log(json ? JSON.stringify(statistics) : inWords(statistics, output));
}

async function driftReferenceOf(
  path: string,
  { architecture: a }: PolicyManifest,
): Promise<DriftReference | undefined> {
  const { constants } = await readPlan(path);
  return readDriftReference(constants, a.n_obs_steps * a.condition_dim, path);
}

/** What happened, for people. */
function inWords(statistics: ReplayStatistics, output: string): string {
  const { chunks, episodes, control_ticks: ticks, in_time: inTime, rate_hz: rate } = statistics;
  const times = (
    [
      ['denoise a chunk', statistics.latency_ms],
      ['prepare its observation', statistics.observation_ms],
    ] as const
  ).flatMap(([what, time]) =>
    time ? [[what, ...[time.median, time.p90, time.p99, time.max].map((ms) => ms.toFixed(2))]] : [],
  );
  const lines = [
    `${count(chunks, 'chunk')} in ${count(episodes, 'episode')} of ${count(ticks, 'control tick')} ` +
      `at ${rate} Hz; ${inTime} of ${chunks} were ready before the robot would have needed the next.`,
    table(['time to', 'median ms', 'p90 ms', 'p99 ms', 'max ms'], times),
    '',
    table(
      [
        'source',
        'topic',
        'messages',
        'used',
        'superseded',
        'outside episodes',
        'duplicate',
        'other joints',
      ],
      statistics.sources.map((source) => [
        source.name,
        source.topic,
        ...[
          source.received,
          source.used,
          source.superseded,
          source.outside_episode,
          source.duplicate,
          source.other_joints,
        ].map(String),
      ]),
    ),
    '',
    ...Object.entries(statistics.episodes_ended).map(
      ([reason, n]) => `${count(n, 'episode')} ended by: ${reason}`,
    ),
    ...driftLines(statistics),
    ...Object.entries(statistics.ticks_without_chunk).map(
      ([reason, n]) => `${count(n, 'tick')} without a chunk: ${reason}`,
    ),
    `Written to ${output}: topics /policy/joint_trajectory and /policy/action_chunk.`,
  ];
  return lines.join('\n');
}

function driftLines({ drift, chunks }: ReplayStatistics): string[] {
  if (!drift) return [];
  const { beyond, distance, out_of_range: outOfRange } = drift;
  const where = outOfRange === null ? '' : `, ${outOfRange} out of its range`;
  return [
    `${beyond} of ${count(chunks, 'chunk')} beyond what is usual in calibration${where}; ` +
      `distance ${distance.p50.toFixed(2)} in the median, at most ${distance.max.toFixed(2)} (1 is usual)`,
  ];
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
