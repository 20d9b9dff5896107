import { Command, Option } from 'commander';
import { OBJECTIVES, type Objective } from '../caching/adaptive_caching_scheduler.js';
import { checkCalibrationFits, type Calibration } from '../caching/calibration.js';
import type { PlanTarget } from '../caching/make_plan.js';
import { acsPlan } from '../caching/methods/acs.js';
import { bacPlan } from '../caching/methods/bac.js';
import { densePlan } from '../caching/methods/dense.js';
import { uniformPlan } from '../caching/methods/uniform.js';
import { METRICS, type Metric } from '../caching/metrics.js';
import { updateShare, type Plan } from '../caching/plan.js';
import { planName } from '../caching/plan_name.js';
import { planRaster } from '../caching/plan_raster.js';
import { BadInput } from '../errors.js';
import { readCalibration } from '../policy/calibration_file.js';
import { writePlan } from '../policy/plan_file.js';
import { readPolicyPackage } from '../policy/policy_package.js';
import { integerOption, MAX_THREADS } from './integer_option.js';
import { errorOption, positiveNumber, searchedPlan, weightOption } from './search_plan.js';

const METHODS = ['search', 'bac', 'acs', 'uniform', 'dense'] as const;

interface PlanOptions {
  readonly method: (typeof METHODS)[number];
  readonly output: string;
  readonly calibration?: string;
  readonly updates: number;
  readonly bubbling: number;
  readonly metric: Metric;
  readonly objective: Objective;
  readonly finalUpdate?: boolean;
  readonly budgetCost?: number;
  readonly maxError?: number;
  readonly seed: number;
  readonly timeLimit?: number;
  readonly resume?: string;
  readonly weight: ReadonlyMap<string, number>;
  readonly int8?: boolean;
  readonly threads: number;
  readonly json?: boolean;
}

/** `bac-policy plan`: decides from a calibration which block updates at which denoising step. */
export function planCommand(): Command {
  return new Command('plan')
    .description('Decide which block of a policy updates at which denoising step.')
    .argument('<policy>', 'directory of a policy package')
    .addOption(
      new Option('--method <name>', 'how to choose the updates')
        .choices(METHODS)
        .makeOptionMandatory(),
    )
    .requiredOption('-o, --output <plan>', 'plan file to write (JSON)')
    .option('--calibration <file>', 'what calibrate recorded (search, bac, acs)')
    .option('--updates <S>', 'updates per block (bac, acs, uniform)', integerOption(1), 10)
    .option('--bubbling <n>', 'blocks that get the bubbling union (bac)', integerOption(0), 5)
    .addOption(
      new Option('--metric <name>', 'how features of two steps are compared (bac, acs)')
        .choices(METRICS)
        .default('cosine'),
    )
    .addOption(
      new Option('--objective <name>', "a segment's score (bac, acs)")
        .choices(OBJECTIVES)
        .default('anchor'),
    )
    .option('--final-update', 'update every block at the last step too (default for bac and acs)')
    .option('--no-final-update', 'do not (default for uniform)')
    .option(
      '--budget-cost <share>',
      "evaluations of the network, as a share of the dense policy's (search; default 0.05)",
      positiveNumber,
    )
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
    .option('--threads <n>', 'threads inside one operator', integerOption(1, MAX_THREADS), 1)
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
      : { plan: await makeFor(target, options), constants: new Map() };
  const { plan, sha256 } = await writePlan(options.output, made.plan, made.constants);
  const updates = plan.blocks.reduce((sum, block) => sum + block.updates.length, 0);
  const summary = {
    plan: options.output,
    name: planName(plan),
    sha256,
    method: plan.method,
    steps: plan.steps,
    blocks: plan.blocks.length,
    block_updates: updates,
    block_update_share: updateShare(plan),
  };
  if (options.json) {
    console.log(JSON.stringify(summary));
    return;
  }
  console.log(planRaster(plan));
  const share = (100 * summary.block_update_share).toFixed(1);
  console.log(
    `${summary.name}: ${updates} of ${plan.blocks.length * plan.steps} block updates (${share} %), written to ${options.output}`,
  );
}

async function makeFor(target: PlanTarget, options: PlanOptions): Promise<Plan> {
  const { method, updates, metric, objective } = options;
  if (method === 'dense') return densePlan(target);
  if (updates > target.steps) {
    throw new BadInput(
      `${updates} is more than the policy's ${target.steps} denoising steps`,
      '--updates',
      `take 1 to ${target.steps}`,
    );
  }
  const final = options.finalUpdate === undefined ? {} : { finalUpdate: options.finalUpdate };
  if (method === 'uniform') return uniformPlan(target, { updates, ...final });
  const calibration = await calibrationFor(target, options);
  const scheduling = { updates, metric, objective, ...final };
  if (method === 'acs') return acsPlan(target, calibration, scheduling);
  if (options.bubbling > calibration.blocks.length) {
    throw new BadInput(
      `${options.bubbling} is more than the policy's ${calibration.blocks.length} blocks`,
      '--bubbling',
      `take 0 to ${calibration.blocks.length}`,
    );
  }
  return bacPlan(target, calibration, { ...scheduling, bubblingBlocks: options.bubbling });
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
