import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Command, Option } from 'commander';
import { type Calibration, checkCalibrationFits } from '../caching/calibration.js';
import { certificateOf } from '../caching/certificate.js';
import { selectSamples, spreadEvenly } from '../caching/denoising_inputs.js';
import type { CachingMethod } from '../caching/methods/method.js';
import { BadInput } from '../errors.js';
import { sha256OfFile, writeAtomically } from '../files.js';
import { readCalibration } from '../policy/calibration_file.js';
import { readPlanFor } from '../policy/plan_file.js';
import { type PolicyPackage, readPolicyPackage } from '../policy/policy_package.js';
import { controlPlan } from '../report/facts/control_plan.js';
import { eagerFacts } from '../report/facts/eager_facts.js';
import { gatherReport, type ReportInputs } from '../report/facts/gather_report.js';
import { heldOutSamples } from '../report/facts/held_out_samples.js';
import { checkNames, type NamedPlan } from '../report/facts/measure_plans.js';
import { chosenMethods, methodPlans, plansOfMethods } from '../report/facts/method_plans.js';
import type { ReportFacts } from '../report/facts/report_facts.js';
import { type BagOptions, maxAgeOption, remapOption } from './bag_options.js';
import { integerOption, MAX_THREADS } from './integer_option.js';
import { MethodPlanner } from './method_planner.js';
import { type ObservationSet, observationSetOption, observationSets } from './observation_sets.js';
import { type RecordedInputs, recordedInputs } from './recorded_inputs.js';
import { type Progress, progressBar } from './terminal.js';

/** So many times as many observations are read where only held-out episodes count. */
const HELD_OUT_PART = 5;

const FORMATS = ['html', 'markdown', 'json'] as const;

interface ReportOptions extends BagOptions {
  readonly calibration: string;
  readonly plan: readonly string[];
  readonly bag?: string[];
  readonly vectors?: string;
  readonly elsewhere: readonly ObservationSet[];
  readonly methods: string;
  readonly chunks: number;
  readonly threads: number;
  readonly seed: number;
  readonly peersJson?: string;
  readonly output?: string;
  readonly format: (typeof FORMATS)[number];
  readonly json?: boolean;
}

/** `bac-policy report`: measures plans and methods against each other and writes down what was found. */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'Measure plans against each other: one page with tables, figures and their origin.',
    )
    .argument('<policy>', 'directory of a policy package')
    .requiredOption('--calibration <file>', 'what calibrate recorded')
    .addOption(
      new Option('--plan <file>', 'a plan to measure, or a folder of them; repeatable')
        .argParser((file: string, files: readonly string[]) => [...files, file])
        .default([], 'none'),
    )
    .option('--bag <bag...>', 'measure on observations from bags that no plan has seen')
    .option(
      '--vectors <file>',
      'or on those of raw vectors (safetensors), with noise if it holds any',
    )
    .addOption(
      new Option(
        '--elsewhere <name=path>',
        'also show errors and drift on a bag or vectors unlike the calibration, under a name; repeatable',
      )
        .argParser(observationSetOption)
        .default([], 'none'),
    )
    .option('--methods <names>', 'also published methods: all, none, or names with commas', 'none')
    .option(
      '--chunks <n>',
      'chunks that every plan makes: two, from different noises, for each observation',
      integerOption(4),
      96,
    )
    .option('--threads <n>', 'threads inside one operator', integerOption(1, MAX_THREADS), 1)
    .option('--seed <n>', 'seed of noises and intervals', integerOption(0), 0)
    .addOption(maxAgeOption())
    .addOption(remapOption())
    .option(
      '--peers-json <file>',
      'what bench --peers --json printed: adds the speed against PyTorch',
    )
    .option('-o, --output <file>', 'file to write (default: standard output)')
    .addOption(new Option('--format <name>', 'what to write').choices(FORMATS).default('html'))
    .option('--json', 'print a summary for machines')
    .action(runReport);
}

async function runReport(directory: string, options: ReportOptions): Promise<void> {
  const { bag, vectors, output, json } = options;
  if ((bag === undefined) === (vectors === undefined)) {
    throw new BadInput(
      'give one of --bag and --vectors',
      'bac-policy report',
      'observations come from one of them',
    );
  }
  if (json && output === undefined) {
    throw new BadInput('--json without --output', 'bac-policy report', 'add -o FILE');
  }
  const eager = options.peersJson === undefined ? null : await eagerFacts(options.peersJson);
  const methods = chosenMethods(options.methods);
  const policy = await readPolicyPackage(directory);
  const calibration = await readCalibration(options.calibration);
  const { architecture, noise_scheduler: scheduler } = policy.manifest;
  checkCalibrationFits(
    calibration,
    {
      policySha256: policy.sha256,
      layers: architecture.layers,
      steps: scheduler.steps,
      solver: scheduler.kind,
    },
    options.calibration,
  );
  const { threads, seed } = options;
  const given = await givenPlans(policy, options.plan);
  const observations = await observationsFor(policy, given, options);
  const elsewhere = await observationSets(policy, options.elsewhere, options);
  const made = await madePlans(policy, calibration, methods, threads);
  const plans = [...given, ...made.plans];
  checkNames(plans);
  let bar: Progress | undefined;
  const facts = await gatherReport({
    policy,
    plans,
    calibration: {
      ...calibration,
      file: options.calibration,
      sha256: await sha256OfFile(options.calibration),
    },
    observations,
    elsewhere,
    eager,
    skipped: made.skipped,
    command: commandLine(),
    threads,
    seed,
    chunks: options.chunks,
    onBegin: (chunks) => {
      bar = progressBar('measuring: chunks', chunks);
    },
    onChunk: () => bar?.advance(),
  }).finally(() => bar?.stop());
  const text = await formatted(facts, options.format);
  if (output === undefined) {
    process.stdout.write(text);
    return;
  }
  await writeAtomically(output, text);
  console.log(
    json
      ? JSON.stringify({ report: output, rows: facts.rows.length, skipped: facts.skipped })
      : `${facts.rows.length - 1} plans on ${facts.observations.count} observations: written to ${output}`,
  );
}

/** The control without a network, where dense runs can be fitted on, and plans of methods. */
async function madePlans(
  policy: PolicyPackage,
  calibration: Calibration,
  methods: readonly CachingMethod[],
  threads: number,
): Promise<Awaited<ReturnType<typeof methodPlans>>> {
  const { steps } = policy.manifest.noise_scheduler;
  const { trajectories } = calibration;
  const bar = progressBar('making plans', plansOfMethods(methods, steps) + 1);
  const planner = new MethodPlanner(policy, { calibration, threads });
  try {
    const control = trajectories && (await controlPlan(policy, trajectories, { threads }));
    bar.advance();
    const { plans, skipped } = await methodPlans(
      methods,
      steps,
      (method, settings) => planner.make(method, settings),
      () => {
        bar.advance();
      },
    );
    return { plans: [...(control ? [control] : []), ...plans], skipped };
  } finally {
    bar.stop();
    await planner.close();
  }
}

/** Observations that no plan was calibrated on, as far as their certificates tell. */
async function observationsFor(
  policy: PolicyPackage,
  plans: readonly NamedPlan[],
  options: ReportOptions,
): Promise<ReportInputs['observations']> {
  const certificates = plans.flatMap(({ name, plan }) => certificateOf(plan.plan, name) ?? []);
  const wanted = Math.floor(options.chunks / 2);
  const recorded = await recordedInputs(policy, {
    ...options,
    // Of these only a part may be held out.
    samples: certificates.length > 0 ? HELD_OUT_PART * wanted : wanted,
  });
  const usable = heldOutSamples(recorded, certificates);
  const chosen = spreadEvenly(usable.length, wanted).map((i) => usable[i]!);
  const { steps } = policy.manifest.noise_scheduler;
  const of = (which: readonly number[]): Int32Array =>
    Int32Array.from(which, (i) => recorded.episodes[i]!);
  return {
    ...recorded,
    inputs: selectSamples(recorded.inputs, chosen, steps),
    episodes: of(chosen),
    seen: {
      condition: selectSamples(recorded.inputs, usable, steps).condition,
      episodes: of(usable),
      pictures: picturesOf(recorded, new Set(of(usable))),
    },
  };
}

/** The pictures of some episodes. */
function picturesOf(
  { pictures }: RecordedInputs,
  of: ReadonlySet<number>,
): RecordedInputs['pictures'] {
  return new Map(
    [...pictures].map(([name, { thumbnails, episodes }]) => {
      const kept = [...thumbnails.keys()].filter((i) => of.has(episodes[i]!));
      return [
        name,
        { thumbnails: kept.map((i) => thumbnails[i]!), episodes: kept.map((i) => episodes[i]!) },
      ];
    }),
  );
}

async function givenPlans(policy: PolicyPackage, files: readonly string[]): Promise<NamedPlan[]> {
  const plans: NamedPlan[] = [];
  for (const file of files.flatMap(plansIn)) {
    plans.push({ name: basename(file, '.json'), file, plan: await readPlanFor(file, policy) });
  }
  return plans;
}

/** A plan, or the plans of a folder: what else optimize and plan put there is left out. */
function plansIn(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  const files = readdirSync(path).filter(
    (name) => name.endsWith('.json') && !name.endsWith('.search.json'),
  );
  if (files.length > 0) return files.sort().map((name) => join(path, name));
  throw new BadInput('holds no plan', path, 'give a folder with plans, or a plan');
}

async function formatted(facts: ReportFacts, format: ReportOptions['format']): Promise<string> {
  if (format === 'json') return `${JSON.stringify(facts)}\n`;
  if (format === 'markdown') {
    return (await import('../report/report_markdown.js')).reportMarkdown(facts);
  }
  // Drawing charts takes a while to load.
  return (await import('../report/report_page.js')).reportPage(facts);
}

/** This command as one would type it. */
function commandLine(): string {
  const words = process.argv.slice(2);
  const quoted = words.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
  );
  return ['npx bac-policy', ...quoted].join(' ');
}
