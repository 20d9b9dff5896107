import { Command, Option } from 'commander';
import { OBJECTIVES, type Objective } from '../caching/adaptive_caching_scheduler.js';
import { checkCalibrationFits, type Calibration } from '../caching/calibration.js';
import type { PlanTarget } from '../caching/make_plan.js';
import type { MadePlan } from '../caching/methods/method.js';
import { parseMethodOptions } from '../caching/methods/method_options.js';
import { METHODS, methodNamed } from '../caching/methods/methods.js';
import { METRICS, type Metric } from '../caching/metrics.js';
import { asComputed } from '../caching/computed_updates.js';
import { blockUpdates, updateShare } from '../caching/plan.js';
import { planName } from '../caching/plan_name.js';
import { planRaster } from '../caching/plan_raster.js';
import { BadInput } from '../errors.js';
import { readCalibration } from '../policy/calibration_file.js';
import { readPlanFor, writePlan } from '../policy/plan_file.js';
import { type PolicyPackage, readPolicyPackage } from '../policy/policy_package.js';
import { integerOption, MAX_THREADS } from './integer_option.js';
import { methodPlan } from './method_plan.js';
import {
  errorOption,
  positiveNumber,
  type SearchOptions,
  searchedPlan,
  weightOption,
} from './search_plan.js';

const NAMES = ['search', ...METHODS.map(({ name }) => name)];

interface PlanOptions extends SearchOptions {
  readonly method: string;
  readonly calibration?: string;
  readonly updates?: number;
  readonly bubbling?: number;
  readonly metric?: Metric;
  readonly objective?: Objective;
  readonly option: readonly string[];
  readonly base?: string;
  readonly finalUpdate?: boolean;
  readonly json?: boolean;
}

/** `bac-policy plan`: decides from a calibration which block updates at which denoising step. */
export function planCommand(): Command {
  return new Command('plan')
    .description('Decide which block of a policy updates at which denoising step.')
    .argument('<policy>', 'directory of a policy package')
    .addOption(
      new Option('--method <name>', 'how to choose the updates')
        .choices(NAMES)
        .makeOptionMandatory(),
    )
    .requiredOption('-o, --output <plan>', 'plan file to write (JSON)')
    .option('--calibration <file>', 'what calibrate recorded')
    .option('--updates <S>', 'updates per block (default 10)', integerOption(1))
    .option(
      '--bubbling <n>',
      'blocks that get the bubbling union (bac; default 5)',
      integerOption(0),
    )
    .addOption(
      new Option(
        '--metric <name>',
        'how features of two steps are compared (bac, acs; default cosine)',
      ).choices(METRICS),
    )
    .addOption(
      new Option('--objective <name>', "a segment's score (bac, acs; default anchor)").choices(
        OBJECTIVES,
      ),
    )
    .option('--final-update', 'update every block at the last step too (default for bac and acs)')
    .option('--no-final-update', 'do not (default for uniform)')
    .addOption(
      new Option('--option <key=value>', 'an option of the method; repeatable')
        .argParser((text: string, others: readonly string[]) => [...others, text])
        .default([], 'none'),
    )
    .option('--base <plan>', 'the plan that a method which changes plans builds upon')
    .option(
      '--budget-cost <share>',
      "multiply-adds, as a share of the dense policy's (search; default 0.05)",
      positiveNumber,
    )
    .option('--budget-ms <ms>', 'time of a chunk on this machine (search)', positiveNumber)
    .option(
      '--max-error <error>',
      "find the fastest plan within this error: 5mrad, or 0.005 in the action's unit (search)",
      errorOption,
    )
    .addOption(
      new Option('--weight <joint=weight>', "a joint's weight in the error; repeatable (search)")
        .argParser(weightOption)
        .default(new Map<string, number>(), '1 each'),
    )
    .option('--seed <n>', 'of the search', integerOption(0), 0)
    .option('--time-limit <s>', 'stop searching then with the best so far', positiveNumber)
    .option('--resume <file>', 'go on with PLAN.search.json of an earlier search')
    .option('--int8', 'compute in int8 (search)')
    .option(
      '--threads <n>',
      'threads inside one operator, where plans are timed',
      integerOption(1, MAX_THREADS),
      1,
    )
    .option('--json', 'print a summary for machines')
    .action(runPlan);
}

async function runPlan(directory: string, options: PlanOptions): Promise<void> {
  const policy = await readPolicyPackage(directory);
  const { sha256: policySha256, manifest } = policy;
  const target: PlanTarget = {
    policySha256,
    layers: manifest.architecture.layers,
    steps: manifest.noise_scheduler.steps,
    solver: manifest.noise_scheduler.kind,
  };
  const made =
    options.method === 'search'
      ? await searchedPlan(
          policy,
          await calibrationFor(target, options),
          options.calibration!,
          options,
        )
      : await publishedPlan(policy, target, options);
  const { plan, sha256 } = await writePlan(options.output, made.plan, made.constants);
  const computed = asComputed(plan, made.constants);
  const updates = blockUpdates(computed);
  const summary = {
    plan: options.output,
    name: planName(plan),
    sha256,
    method: plan.method,
    steps: plan.steps,
    blocks: plan.blocks.length,
    block_updates: updates,
    block_update_share: updateShare(computed),
  };
  if (options.json) {
    console.log(JSON.stringify(summary));
    return;
  }
  console.log(planRaster(computed));
  const share = (100 * summary.block_update_share).toFixed(1);
  console.log(
    `${summary.name}: ${updates} of ${plan.blocks.length * plan.steps} block updates (${share} %), written to ${options.output}`,
  );
}

/** A method's options: those with a flag of their own where given, and `--option key=value`. */
async function publishedPlan(
  policy: PolicyPackage,
  target: PlanTarget,
  options: PlanOptions,
): Promise<MadePlan> {
  const method = methodNamed(options.method);
  const { updates, bubbling, metric, objective, finalUpdate: final } = options;
  const flags = Object.entries({ updates, bubbling, metric, objective, final }).filter(
    ([key, value]) => value !== undefined && key in method.options.shape,
  );
  const base = options.base === undefined ? undefined : await readPlanFor(options.base, policy);
  return methodPlan(policy, options.method, {
    ...(options.calibration !== undefined && {
      calibration: await calibrationFor(target, options),
    }),
    ...(base && { base }),
    options: { ...Object.fromEntries(flags), ...parseMethodOptions(method, options.option) },
    threads: options.threads,
  });
}

async function calibrationFor(target: PlanTarget, options: PlanOptions): Promise<Calibration> {
  const path = options.calibration;
  if (path === undefined) {
    throw new BadInput(
      `method ${options.method} needs a calibration`,
      '--calibration',
      'make one with bac-policy calibrate',
    );
  }
  const calibration = await readCalibration(path);
  checkCalibrationFits(calibration, target, path);
  return calibration;
}
