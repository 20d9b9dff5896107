import { Command } from 'commander';
import { blocksOf } from '../caching/blocks.js';
import type { BlockStatistics } from '../caching/feature_statistics.js';
import { selectSamples, spreadEvenly, type DenoisingInputs } from '../caching/denoising_inputs.js';
import { recordFeatures } from '../caching/record_features.js';
import type { Trajectories } from '../caching/trajectories.js';
import { BadInput } from '../errors.js';
import { openNetworkPool } from '../inference/network_pool.js';
import { openInterpreter } from '../inference/interpreter.js';
import { writeCalibration } from '../policy/calibration_file.js';
import { FeatureFile } from '../policy/feature_file.js';
import { readPolicyPackage, type PolicyPackage } from '../policy/policy_package.js';
import { recordTrajectories } from '../search/record_trajectories.js';
import { runsWithin } from '../search/runs_within.js';
import { observationsFor, trajectoryRows } from '../search/trajectory_rows.js';
import { type RecordedInputs, recordedInputs } from './recorded_inputs.js';
import { type BagOptions, maxAgeOption, remapOption } from './bag_options.js';
import { integerOption } from './integer_option.js';
import { planningThreads } from './planning_threads.js';
import { progressBar } from './terminal.js';

/** Features of one batch are held at once: this many bytes, or those of one sample if it has more. */
const MAX_BATCH_BYTES = 128 * 1024 ** 2;
const MAX_BATCH = 16;
/** Dense runs where nobody says how many: 5 minutes for 8 layers on two cores. */
const DENSE_RUNS = 3200;
/** Most of them that repeat one observation with other noise. */
const MOST_NOISES = 8;
/** Bytes of the (K, K) sums of all blocks; 8 layers have 4 MB at 100 steps, 384 MB at 1000. */
const MAX_STATISTICS_BYTES = 1024 ** 3;

/** Options of `bac-policy calibrate`. */
export interface CalibrateOptions extends BagOptions {
  readonly output: string;
  readonly bag?: string[];
  readonly vectors?: string;
  readonly samples: number;
  /** Absent = {@link DENSE_RUNS}, fewer where there are few observations. */
  readonly trajectories?: number;
  readonly seed: number;
  readonly features?: string;
  readonly threads: number;
  /** Of the time that dense runs may take: how long is left when they begin. Fewer are made where it is not enough. */
  readonly secondsLeft?: () => number;
  readonly json?: boolean;
}

/** `bac-policy calibrate`: runs the dense policy on recorded observations and keeps what planning needs. */
export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description("Record how every block's features change over the denoising steps.")
    .argument('<policy>', 'directory of a policy package')
    .option('--bag <bag...>', 'take observations from bags: rosbag2 directories or .mcap files')
    .option(
      '--vectors <file>',
      'take them from raw vectors (safetensors), with noise if it holds any',
    )
    .requiredOption('-o, --output <calibration>', 'file to write (safetensors)')
    .option(
      '--samples <N>',
      'observations whose features are compared (bac, acs), spread evenly over all there are',
      integerOption(1),
      32,
    )
    .option(
      '--trajectories <N>',
      `dense runs that search and corrections learn from, the more the better; 0 = none (default: ${DENSE_RUNS}, at most ${MOST_NOISES} an observation)`,
      integerOption(0),
    )
    .option('--seed <n>', 'seed of the noise where none is given', integerOption(0), 0)
    .option('--features <file>', 'also write the raw features: 25 MB a sample for 8 layers, E 256')
    .addOption(maxAgeOption())
    .addOption(remapOption())
    .addOption(planningThreads('processes that make dense runs, and threads that record features'))
    .option('--json', 'print a summary for machines')
    .action(runCalibrate);
}

async function runCalibrate(directory: string, options: CalibrateOptions): Promise<void> {
  const summary = await calibratePolicy(directory, options);
  console.log(
    options.json
      ? JSON.stringify(summary)
      : `${summary.samples} of ${summary.available} observations, ${summary.steps} steps, ${summary.blocks} blocks: written to ${options.output}\n` +
          `Next: bac-policy plan ${directory} --calibration ${options.output} --method bac -o PLAN`,
  );
}

/** Records what planning needs and writes it. @returns what it is about */
export async function calibratePolicy(directory: string, options: CalibrateOptions) {
  if ((options.bag === undefined) === (options.vectors === undefined)) {
    throw new BadInput(
      'give one of --bag and --vectors',
      'bac-policy calibrate',
      'observations come from one of them',
    );
  }
  const policy = await readPolicyPackage(directory);
  const { architecture, noise_scheduler: scheduler } = policy.manifest;
  const blocks = blocksOf(architecture.layers);
  if (2 * blocks.length * scheduler.steps ** 2 * 8 > MAX_STATISTICS_BYTES) {
    throw new BadInput(
      `has ${scheduler.steps} denoising steps, too many to compare all pairs in memory`,
      directory,
      'calibrate a policy with fewer steps',
    );
  }
  const recorded = await recordedInputs(policy, {
    ...options,
    samples: Math.max(options.samples, observationsFor(options.trajectories ?? DENSE_RUNS)),
  });
  const { available, sources } = recorded;
  const inputs = selectSamples(
    recorded.inputs,
    spreadEvenly(recorded.inputs.samples, options.samples),
    scheduler.steps,
  );
  const statistics = await record(policy, inputs, options);
  const wanted =
    options.trajectories ?? Math.min(DENSE_RUNS, MOST_NOISES * recorded.inputs.samples);
  const trajectories =
    wanted > 0 ? await recordDense(policy, recorded, { ...options, wanted }) : undefined;
  await writeCalibration(options.output, {
    ...(trajectories && { trajectories }),
    ...(recorded.pictures.size > 0 && { pictures: recorded.pictures }),
    policySha256: policy.sha256,
    steps: scheduler.steps,
    solver: scheduler.kind,
    samples: inputs.samples,
    seed: options.seed,
    sources,
    blocks: blocks.map((block, i) => ({ block, statistics: statistics[i]! })),
  });
  return {
    calibration: options.output,
    policy_sha256: policy.sha256,
    samples: inputs.samples,
    trajectories: trajectories?.samples ?? 0,
    available,
    steps: scheduler.steps,
    blocks: blocks.length,
    features: options.features ?? null,
    sources,
  };
}

/** Dense runs of the recorded observations; with fewer of them than runs, again with other noise. */
async function recordDense(
  policy: PolicyPackage,
  { inputs, episodes }: RecordedInputs,
  options: CalibrateOptions & { readonly wanted: number },
): Promise<Trajectories> {
  const { manifest } = policy;
  const runs = await runsInTime(policy, inputs, options);
  const rows = trajectoryRows(inputs, episodes, manifest, runs, options.seed);
  const bar = progressBar('dense runs', rows.inputs.samples * manifest.noise_scheduler.steps);
  const network = await openNetworkPool(policy, rows.inputs.condition, {
    processes: options.threads,
  });
  try {
    return await recordTrajectories(network, manifest, rows.inputs, rows, {
      onStep: (samples) => bar.advance(samples),
    });
  } finally {
    bar.stop();
    await network.close();
  }
}

/** As many runs as are wanted, or fewer where there is not the time; this is said. */
async function runsInTime(
  policy: PolicyPackage,
  { condition, samples: available }: DenoisingInputs,
  { wanted, secondsLeft, threads }: CalibrateOptions & { readonly wanted: number },
): Promise<number> {
  if (!secondsLeft) return wanted;
  const network = await openNetworkPool(policy, condition, { processes: threads });
  try {
    const runs = await runsWithin(network, policy.manifest, {
      wanted,
      available,
      seconds: secondsLeft(),
    });
    if (runs < wanted) {
      process.stderr.write(
        `warning: there is time for ${runs} dense runs, not ${wanted}; more time, or --threads, makes better plans\n`,
      );
    }
    return runs;
  } finally {
    await network.close();
  }
}

async function record(
  policy: PolicyPackage,
  inputs: DenoisingInputs,
  options: CalibrateOptions,
): Promise<BlockStatistics[]> {
  const { architecture: a, noise_scheduler: scheduler } = policy.manifest;
  const { steps } = scheduler;
  const blocks = blocksOf(a.layers).length;
  const bytes = 4 * blocks * steps * a.horizon * a.embedding;
  const batch = Math.max(
    1,
    Math.min(MAX_BATCH, inputs.samples, Math.floor(MAX_BATCH_BYTES / bytes)),
  );
  const file =
    options.features === undefined
      ? undefined
      : await FeatureFile.create(options.features, {
          layers: a.layers,
          steps,
          samples: inputs.samples,
          feature: [a.horizon, a.embedding],
        });
  const bar = progressBar('denoising steps', inputs.samples * steps);
  try {
    const interpreter = await openInterpreter(policy, { batch, threads: options.threads });
    const statistics = await recordFeatures((request) => interpreter.run(request), inputs, {
      steps,
      blocks,
      batch,
      onStep: (samples) => {
        bar.advance(samples);
      },
      ...(file && {
        onFeatures: (block, first, features) => file.write(block, first, features),
      }),
    });
    await interpreter.close();
    await file?.finish();
    return statistics;
  } catch (error) {
    await file?.discard();
    throw error;
  } finally {
    bar.stop();
  }
}
