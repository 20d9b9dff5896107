import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Certificate } from '../caching/certificate.js';
import { BadInput } from '../errors.js';
import { readCalibration } from '../policy/calibration_file.js';
import { writePlan } from '../policy/plan_file.js';
import { readPolicyPackage } from '../policy/policy_package.js';
import { affinePlan } from '../search/affine_plan.js';
import { certify } from '../search/certify.js';
import { choosePresets, type SearchedPreset } from '../search/choose_presets.js';
import { CandidateFinder, type Found } from '../search/find_candidates.js';
import { noiseSpreadOf } from '../search/noise_spread_of.js';
import { PlanCost } from '../search/plan_cost.js';
import { PlanSearch } from '../search/plan_search.js';
import { SearchMemory } from '../search/search_memory.js';
import { calibratePolicy } from './calibrate.js';
import { integerOption, MAX_THREADS } from './integer_option.js';
import { positiveNumber } from './search_plan.js';
import { progressBar, table } from './terminal.js';

/** Numbers of evaluations that the curve is made of. */
const COUNTS = [1, 2, 3, 5, 8, 12];
/** The curve goes so far even when time is over: one without a good plan is of no use. */
const LEAST_COUNTS = 5;
/** Share of the time for searching that the trellis may take. */
const TRELLIS_SHARE = 0.4;
/** Moves that are tried for each preset. */
const TRIALS = 10;
/** Share of the time that searching may take; the rest is for compiling and measuring. */
const SEARCH_SHARE = 0.75;

interface OptimizeOptions {
  readonly bag?: string[];
  readonly vectors?: string;
  readonly output?: string;
  readonly timeLimit: number;
  readonly trajectories: number;
  readonly seed: number;
  readonly threads: number;
  readonly json?: boolean;
}

/** `bac-policy optimize`: calibrates a policy and makes its presets. */
export function optimizeCommand(): Command {
  return new Command('optimize')
    .description('Calibrate a policy and search its presets: quality, balanced and fast.')
    .argument('<policy>', 'directory of a policy package')
    .option('--bag <bag...>', 'take observations from bags: rosbag2 directories or .mcap files')
    .option('--vectors <file>', 'take them from raw vectors (safetensors)')
    .option('-o, --output <dir>', 'where the plans go (default: plans/ in the package)')
    .option('--time-limit <s>', 'seconds in all', positiveNumber, 540)
    .option('--trajectories <N>', 'dense runs to learn from', integerOption(16), 384)
    .option('--seed <n>', 'of noise and search', integerOption(0), 0)
    .option('--threads <n>', 'threads inside one operator', integerOption(1, MAX_THREADS), 1)
    .option('--json', 'print the curve and the presets for machines')
    .action(optimize);
}

async function optimize(directory: string, options: OptimizeOptions): Promise<void> {
  const begin = performance.now();
  const secondsLeft = (): number =>
    SEARCH_SHARE * options.timeLimit - (performance.now() - begin) / 1000;
  const output = options.output ?? join(directory, 'plans');
  await mkdir(output, { recursive: true });
  const path = join(output, 'calibration.safetensors');
  const { seed, threads, trajectories: runs, bag, vectors } = options;
  await calibratePolicy(directory, {
    output: path,
    ...(bag && { bag }),
    ...(vectors !== undefined && { vectors }),
    samples: 16,
    trajectories: runs,
    seed,
    threads,
    remap: new Map(),
  });
  const policy = await readPolicyPackage(directory);
  const calibration = await readCalibration(path);
  const trajectories = calibration.trajectories!;
  const { steps } = policy.manifest.noise_scheduler;
  const everyRow = Array.from({ length: trajectories.samples }, (_, row) => row);
  const spread = noiseSpreadOf(policy.manifest, trajectories, everyRow);
  if (!spread) throw new BadInput('repeat no observation', '--trajectories', 'take 16 or more');
  const cost = new PlanCost(policy);
  const weights = Array<number>(policy.manifest.architecture.action_dim).fill(1);
  const search = await PlanSearch.open(policy, trajectories, { weights, threads });
  const bar = progressBar('states and candidates', 150);
  try {
    const searchSeconds = secondsLeft();
    const finder = new CandidateFinder(search, new SearchMemory(''), steps, seed, {
      stopped: () => secondsLeft() < 0,
      trellisOver: () => secondsLeft() < (1 - TRELLIS_SHARE) * searchSeconds,
      onProgress: () => bar.advance(),
    });
    const curve: Found[] = [];
    for (const count of COUNTS.filter((value) => value <= steps)) {
      if (secondsLeft() < 0 && curve.length >= LEAST_COUNTS) break;
      curve.push((await finder.first(count))!);
    }
    const control = await search.control();
    const rows: { name: string; found: Found; certificate: Certificate }[] = [];
    const chosen = choosePresets(curve, spread.difference);
    for (const name of ['quality', 'balanced', 'fast'] as const satisfies SearchedPreset[]) {
      const found = await finder.improve(chosen[name], TRIALS);
      const made = affinePlan(policy, await search.carryOut(found));
      const about = {
        calibration,
        folds: search.folds,
        denseMultiplyAdds: cost.dense,
        control,
        predictedMs: null,
        threads,
        seed,
        command: ['bac-policy', ...process.argv.slice(2)].join(' '),
      };
      let best = await certify(policy, made, about);
      if (name === 'fast') {
        const plan = { ...made.plan, numerics: { kind: 'int8' as const } };
        const int8 = await certify(policy, { ...made, plan }, about);
        // Chosen by what was fitted on: the held-out episodes only say how it went.
        if (int8.certificate.calibration.error.rms.value < spread.deviation) best = int8;
      }
      await writePlan(join(output, `${name}.json`), best.made.plan, best.made.constants);
      rows.push({ name, found, certificate: best.certificate });
    }
    print(curve, rows, { spread, control, steps }, options);
  } finally {
    bar.stop();
    await search.close();
  }
}

function print(
  curve: readonly Found[],
  presets: readonly {
    readonly name: string;
    readonly found: Found;
    readonly certificate: Certificate;
  }[],
  {
    spread,
    control,
    steps,
  }: {
    readonly spread: { readonly difference: number };
    readonly control: { readonly error: number; readonly heldOut: number };
    readonly steps: number;
  },
  { json }: OptimizeOptions,
): void {
  if (json) {
    console.log(JSON.stringify({ curve, presets, noise_spread: spread, control }));
    return;
  }
  const milli = (value: number | null | undefined): string =>
    value === null || value === undefined || !Number.isFinite(value)
      ? '-'
      : (1000 * value).toFixed(2);
  const lines = curve.map(({ evaluations, error, heldOut }) => [
    `${evaluations.length} evaluations`,
    (evaluations.length / steps).toFixed(3),
    '',
    milli(error),
    milli(heldOut),
    '',
  ]);
  for (const { name, certificate: c } of presets) {
    lines.push([
      name,
      c.cost.toFixed(3),
      c.measured_ms?.median.toFixed(2) ?? '',
      milli(c.calibration.error.rms.value),
      milli(c.held_out?.error.rms.value),
      milli(c.correction?.held_out ?? c.correction?.calibration),
    ]);
  }
  lines.push(['no network (S = 0)', '', '', milli(control.error), milli(control.heldOut), '']);
  lines.push(['spread over noises', '', '', milli(spread.difference), '', '']);
  console.log(
    table(['plan', 'cost', 'ms', 'calibration', 'held out', 'without correction'], lines),
  );
  console.log(
    '\nErrors of executed actions, thousandths of their unit (mrad), against the dense policy with the same noise; those of\n' +
      'evaluations on samples that the fits at hand left out, those of presets by the compiled engine.',
  );
}
