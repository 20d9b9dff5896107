import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { InvalidArgumentError } from 'commander';
import type { Calibration } from '../caching/calibration.js';
import type { MadePlan } from '../caching/methods/method.js';
import type { Numerics } from '../caching/plan_fields.js';
import { BadInput } from '../errors.js';
import { sha256, sha256OfFile } from '../files.js';
import { denoisingSteps } from '../policy/noise_schedule.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { certify } from '../search/certify.js';
import { MemoryKeeper } from '../search/memory_keeper.js';
import { PlanCost } from '../search/plan_cost.js';
import { PlanSearch } from '../search/plan_search.js';
import { PlanTime } from '../search/plan_time.js';
import { SearchMemory } from '../search/search_memory.js';
import { noWorseThanBac, searchCandidate, type SearchGoal } from '../search/search_run.js';
import { listenForInterrupt } from './interrupts.js';
import { progressBar } from './terminal.js';

/** Share of the dense policy's evaluations where no budget is given. */
const DEFAULT_BUDGET = 0.05;

/** What a searched plan may cost, or must reach. */
export interface SearchOptions {
  readonly output: string;
  /** Share of the dense policy's evaluations of the network. */
  readonly budgetCost?: number;
  /** Time of a chunk on this machine. */
  readonly budgetMs?: number;
  /** Error of executed actions, physical. */
  readonly maxError?: number;
  readonly seed: number;
  /** Seconds. */
  readonly timeLimit?: number;
  readonly resume?: string;
  readonly weight: ReadonlyMap<string, number>;
  readonly int8?: boolean;
  readonly threads: number;
}

/** Parser of an option that takes a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

/** Parser of an error: a number in the action's unit, or in mrad. */
export function errorOption(text: string): number {
  const [, number, unit] = /^([\d.e+-]+) *(mrad|rad|mm|m)?$/.exec(text) ?? [];
  const value = positiveNumber(number ?? '');
  return unit === 'mrad' || unit === 'mm' ? value / 1000 : value;
}

/** Parser of a repeatable option `JOINT=WEIGHT`. */
export function weightOption(
  text: string,
  previous: ReadonlyMap<string, number>,
): Map<string, number> {
  const [, joint, weight] = /^(.+)=([\d.]+)$/.exec(text) ?? [];
  if (joint === undefined) throw new InvalidArgumentError('It must be JOINT=WEIGHT.');
  return new Map(previous).set(joint, positiveNumber(weight!));
}

/** `bac-policy plan --method search`. Interrupted, or out of time, it makes do with the best so far. */
export async function searchedPlan(
  policy: PolicyPackage,
  calibration: Calibration,
  where: string,
  options: SearchOptions,
): Promise<MadePlan> {
  const { trajectories } = calibration;
  if (!trajectories) {
    throw new BadInput(
      'holds no dense runs, which search needs',
      where,
      'make the calibration again with bac-policy calibrate',
    );
  }
  const { threads, seed } = options;
  const { steps } = policy.manifest.noise_scheduler;
  const numerics: Numerics = { kind: options.int8 ? 'int8' : 'fp32' };
  const cost = new PlanCost(policy, numerics);
  const time = options.budgetMs === undefined ? undefined : await PlanTime.open(policy, threads);
  const goal = goalOf(options, numerics, cost, time);
  const weights = weightsOf(policy, options);
  const about = sha256(
    Buffer.from(JSON.stringify([policy.sha256, await sha256OfFile(where), weights])),
  );
  const memory = await memoryOf(options, about);
  const keeper = new MemoryKeeper(memory, `${options.output.replace(/\.json$/, '')}.search.json`);
  const search = await PlanSearch.open(policy, trajectories, {
    weights,
    threads: availableParallelism(),
  });
  const bar = progressBar('states and candidates', 100);
  const deadline = performance.now() + 1000 * (options.timeLimit ?? Infinity);
  const interrupts = listenForInterrupt({
    first: 'the best so far becomes the plan; once more to end without one',
    ended: () => 'nothing half-written was kept',
  });
  try {
    await keeper.keep();
    const found = await searchCandidate(
      search,
      memory,
      denoisingSteps(policy.manifest.noise_scheduler),
      goal,
      {
        seed,
        stopped: () => interrupts.isInterrupted() || performance.now() > deadline,
        interrupted: () => interrupts.isInterrupted(),
        onProgress: () => {
          bar.advance();
          keeper.keepNowAndThen();
        },
      },
    );
    await keeper.keep();
    if (!found) {
      throw new BadInput(
        'no plan reaches this error',
        '--max-error',
        'allow more, or calibrate on more',
      );
    }
    const share = found.evaluations.length / steps;
    const { budgetCost } = options;
    const made = await noWorseThanBac(policy, calibration, search, found, share, {
      threads,
      weights,
      most:
        budgetCost === undefined ? cost.affine(found.evaluations.length) : budgetCost * cost.dense,
    });
    const control = await search.control();
    const { made: certified } = await certify(
      policy,
      { ...made, plan: { ...made.plan, numerics } },
      {
        calibration,
        folds: search.folds,
        denseMultiplyAdds: cost.dense,
        control,
        ...(time && { time }),
        threads,
        seed,
        command: ['bac-policy', ...process.argv.slice(2)].join(' '),
      },
    );
    return certified;
  } finally {
    interrupts.end();
    bar.stop();
    await search.close();
  }
}

function goalOf(
  { budgetCost, budgetMs, maxError }: SearchOptions,
  numerics: Numerics,
  cost: PlanCost,
  time: PlanTime | undefined,
): SearchGoal {
  if ([budgetCost, budgetMs, maxError].filter((given) => given !== undefined).length > 1) {
    throw new BadInput('several budgets', 'bac-policy plan', 'give one');
  }
  if (maxError !== undefined) return { kind: 'error', most: maxError };
  const most =
    budgetMs !== undefined && time
      ? time.mostEvaluations(budgetMs, numerics)
      : cost.mostEvaluations(budgetCost ?? DEFAULT_BUDGET);
  if (most > 0) return { kind: 'evaluations', most };
  // Nobody asked for so little: the policy takes few steps.
  if (budgetMs === undefined && budgetCost === undefined) return { kind: 'evaluations', most: 1 };
  throw new BadInput(
    `${budgetMs ?? budgetCost} is less than one evaluation of the network`,
    budgetMs === undefined ? '--budget-cost' : '--budget-ms',
    'allow more',
  );
}

function weightsOf({ manifest }: PolicyPackage, { weight }: SearchOptions): number[] {
  const { joint_names: names } = manifest.action;
  const weights = Array<number>(manifest.architecture.action_dim).fill(1);
  for (const [joint, value] of weight) {
    const at = names ? names.indexOf(joint) : Number(joint);
    if (!(at in weights)) {
      throw new BadInput(
        `there is no joint '${joint}'`,
        '--weight',
        `take ${names?.join(', ') ?? 'an index'}`,
      );
    }
    weights[at] = value;
  }
  return weights;
}

async function memoryOf({ resume }: SearchOptions, about: string): Promise<SearchMemory> {
  if (resume === undefined) return new SearchMemory(about);
  if (!existsSync(resume)) {
    throw new BadInput('does not exist', resume, 'leave out --resume to begin anew');
  }
  return SearchMemory.parse(await readFile(resume, 'utf8'), about, resume);
}
