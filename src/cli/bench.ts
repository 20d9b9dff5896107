import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { compiledContender } from '../bench/compiled_contender.js';
import type { Absence, Contender } from '../bench/contender.js';
import { type BenchRow, measure } from '../bench/measure.js';
import { Forecast, type ForecastRow } from '../bench/forecast.js';
import { peerContenders } from '../bench/peer_contenders.js';
import { PeerProcess } from '../bench/peer_process.js';
import { madeUpWorkload } from '../bench/workload.js';
import type { DenoisingInputs } from '../caching/denoising_inputs.js';
import { BadInput, messageOf } from '../errors.js';
import { withTemporaryDirectory } from '../files.js';
import { findProvider, type ProviderChoice } from '../inference/execution_provider.js';
import type { ExecutionProvider } from '../inference/session.js';
import { type PlanFile, readPlanFor } from '../policy/plan_file.js';
import { type PolicyPackage, readPolicyPackage } from '../policy/policy_package.js';
import { floatTensor, writeSafetensors } from '../policy/safetensors.js';
import { CostModel } from '../search/cost_model.js';
import { integerOption, MAX_THREADS } from './integer_option.js';
import { recordedInputs } from './recorded_inputs.js';
import { progressBar, table } from './terminal.js';

interface BenchOptions {
  readonly plan: readonly string[];
  readonly input?: string;
  readonly bag?: string[];
  readonly chunks: number;
  readonly threads: number;
  readonly provider: readonly ProviderChoice[];
  readonly seed: number;
  readonly predict?: boolean;
  readonly peers?: boolean;
  readonly python?: string;
  readonly json?: boolean;
}

/** Made-up observations; more chunks than that begin again with the first. */
const MAX_MADE_UP = 64;

/** The project's root, seen from dist/src/cli. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PEERS = join(ROOT, 'src/bench/peers/bench_peers.py');

/** `bac-policy bench`: time and error of plans, of the dense policy, and of peers, in one run. */
export function benchCommand(): Command {
  return new Command('bench')
    .description('Time the dense policy and plans in one run, in turn, with their errors.')
    .argument('<policy>', 'directory of a policy package')
    .addOption(
      new Option('--plan <file>', 'a plan to time; repeatable')
        .argParser((file: string, files: readonly string[]) => [...files, file])
        .default([], 'none'),
    )
    .option('--input <file>', 'observations as for run')
    .option('--bag <bag...>', 'observations from bags; without either they are made up')
    .option('--chunks <number>', 'chunks that each engine makes', integerOption(1), 20)
    .option('--threads <number>', 'threads inside one operator', integerOption(1, MAX_THREADS), 1)
    .addOption(
      new Option(
        '--provider <provider...>',
        'where to compute; with several, each plan on each (auto: all that work)',
      )
        .choices(['cpu', 'cuda', 'auto'])
        .default(['cpu'], 'cpu'),
    )
    .option('--seed <number>', 'makes noises and made-up observations', integerOption(0), 0)
    .option('--predict', 'also say what the cost model expects; fits it first (a minute, once)')
    .option('--peers', 'also time PyTorch: eager, eager with BAC, torch.compile, DDIM')
    .option('--python <path>', 'a Python that has torch (default: .peers/bin/python, else python3)')
    .option('--json', 'print the rows for machines')
    .action(bench);
}

async function bench(directory: string, options: BenchOptions): Promise<void> {
  const policy = await readPolicyPackage(directory);
  const plans: { name: string; path: string; plan: PlanFile }[] = [];
  for (const path of options.plan) {
    plans.push({ name: basename(path), path, plan: await readPlanFor(path, policy) });
  }
  const workload = await workloadFor(policy, options);
  const { threads } = options;
  const forecast = options.predict ? await forecastFor(policy, workload, threads) : undefined;
  const contenders: Contender[] = [];
  let denseMultiplyAdds = 0;
  for (const provider of await providersOf(options)) {
    const dense = { name: 'dense', threads, provider };
    const contender = await compiledContender(policy, workload, dense);
    denseMultiplyAdds = contender.multiplyAdds;
    contenders.push(contender);
    for (const plan of plans) {
      const settings = { ...plan, threads, provider, denseMultiplyAdds };
      contenders.push(await compiledContender(policy, workload, settings));
    }
  }
  // Before the peers, which are a process of their own.
  const rssMb = Math.round(process.memoryUsage.rss() / 1e6);
  const absent: Absence[] = [];
  const missPeers = (error: unknown): undefined => {
    absent.push({ name: 'peers', engine: 'python', skipped: messageOf(error) });
  };
  const peers = options.peers
    ? await startPeers(policy, workload, plans, options).catch(missPeers)
    : undefined;
  let rows: ForecastRow[];
  try {
    if (peers) {
      const found = await peerContenders(peers, policy, plans, denseMultiplyAdds).catch(missPeers);
      contenders.push(...(found?.contenders ?? []));
      absent.push(...(found?.absent ?? []));
    }
    if (forecast) contenders.push(...forecast.references);
    const bar = progressBar('chunks', contenders.length * options.chunks);
    rows = await measure(contenders, {
      chunks: options.chunks,
      samples: workload.samples,
      threads,
      onChunk: () => bar.advance(),
    }).finally(() => bar.stop());
  } finally {
    peers?.close();
  }
  if (forecast) rows = forecast.complete(rows, plans);
  for (const contender of contenders) await contender.close();
  if (options.json) {
    console.log(JSON.stringify({ rows, skipped: absent, rss_mb: rssMb }));
    return;
  }
  print(rows, absent, policy, options, rssMb);
}

async function forecastFor(
  policy: PolicyPackage,
  workload: DenoisingInputs,
  threads: number,
): Promise<Forecast> {
  const bar = progressBar('cost model', CostModel.chunks());
  return Forecast.open(policy, workload, threads, () => bar.advance()).finally(() => bar.stop());
}

/**
 * Every provider once, in the order they were asked for; `auto` is the CPU, and CUDA where it works.
 * @throws BadInput when CUDA is asked for, and is missing
 */
async function providersOf({ provider }: BenchOptions): Promise<ReadonlySet<ExecutionProvider>> {
  const providers = new Set<ExecutionProvider>();
  for (const choice of provider) {
    const found = await findProvider(choice, false);
    if (found.note !== undefined) process.stderr.write(`${found.note}\n`);
    if (choice === 'auto') providers.add('cpu');
    providers.add(found.provider);
  }
  return providers;
}

/** Observations to denoise: recorded ones, else made-up ones. */
async function workloadFor(policy: PolicyPackage, options: BenchOptions): Promise<DenoisingInputs> {
  const { input, bag, chunks, seed, threads } = options;
  if (input !== undefined && bag !== undefined) {
    throw new BadInput('both --input and --bag', 'bac-policy bench', 'give one of them');
  }
  if (input === undefined && bag === undefined) {
    return madeUpWorkload(policy.manifest, Math.min(chunks, MAX_MADE_UP), seed);
  }
  const { inputs } = await recordedInputs(policy, {
    ...(input !== undefined && { vectors: input }),
    ...(bag !== undefined && { bag }),
    samples: chunks,
    seed,
    threads,
  });
  return inputs;
}

/** Starts the Python side on the same conditions, noises and plans. */
async function startPeers(
  policy: PolicyPackage,
  workload: DenoisingInputs,
  plans: readonly { readonly path: string }[],
  options: BenchOptions,
): Promise<PeerProcess> {
  const { architecture: a, noise_scheduler: scheduler } = policy.manifest;
  const n = workload.samples;
  // The peers have read the workload by the time they answer.
  return withTemporaryDirectory(async (directory) => {
    const vectors = join(directory, 'workload.safetensors');
    await writeSafetensors(vectors, [
      ['condition', floatTensor([n, a.n_obs_steps, a.condition_dim], workload.condition)],
      ['initial_noise', floatTensor([n, a.horizon, a.action_dim], workload.initialNoise)],
      [
        'step_noise',
        floatTensor([scheduler.steps, n, a.horizon, a.action_dim], workload.stepNoise),
      ],
    ]);
    const local = join(ROOT, '.peers/bin/python');
    const python = options.python ?? (existsSync(local) ? local : 'python3');
    const planArguments = plans.flatMap(({ path }) => ['--plan', path]);
    return PeerProcess.start(python, [
      ...[PEERS, policy.directory, '--input', vectors, '--threads', `${options.threads}`],
      ...planArguments,
    ]);
  });
}

function print(
  rows: readonly ForecastRow[],
  absent: readonly Absence[],
  policy: PolicyPackage,
  options: BenchOptions,
  rssMb: number,
): void {
  const eager = rows.find((row) => row.engine === 'eager');
  const dense = rows[0]!;
  const faster = (base: BenchRow, row: BenchRow): string =>
    `${(base.median_ms / row.median_ms).toFixed(1)}x`;
  const { unit = 'action units' } = policy.manifest.action;
  const unitName = typeof unit === 'string' ? unit : [...new Set(unit)].join('/');
  const headings = ['name', 'engine', 'median ms', 'p90', 'p99', 'vs dense'];
  if (eager) headings.push('vs eager');
  if (options.predict) headings.push('own ms', 'predicted', 'off');
  headings.push('cost', `error, ${unitName}`);
  console.log(
    table(
      headings,
      rows.map((row) => [
        row.name,
        row.engine,
        row.median_ms.toFixed(2),
        row.p90_ms.toFixed(2),
        row.p99_ms.toFixed(2),
        faster(dense, row),
        ...(eager ? [faster(eager, row)] : []),
        ...(options.predict ? forecastCells(row) : []),
        row.cost.toFixed(3),
        row.error_rms.toExponential(2),
      ]),
    ),
  );
  const load = Math.max(...rows.map((row) => row.load_ms ?? 0));
  console.log(
    `\n${options.chunks} chunks each, in turn, ${options.threads} thread${options.threads === 1 ? '' : 's'}. ` +
      `Slowest load and warm-up ${(load / 1000).toFixed(1)} s; ${rssMb} MB of memory with all plans loaded.\n` +
      'cost: multiply-adds relative to the dense compiled engine. error: root mean square over executed\n' +
      `actions against it, same noise${options.input || options.bag ? '' : ', on made-up observations (give real ones: --bag, --input)'}.`,
  );
  if (options.predict) {
    console.log(
      'own: as if nothing else ran (1 thread: the time of the processor itself, median; else the fastest tenth). predicted: by\n' +
        'a model of other programs, timed before, at the speed of the moment (two of them were timed in turn with the rest).',
    );
  }
  if (rows.some((row) => row.name.startsWith('ddim'))) {
    console.log(
      'DDIM draws other samples than DDPM from the same noise: its error is not only inaccuracy.',
    );
  }
  for (const { name, engine, skipped } of absent) {
    console.log(`skipped: ${name} (${engine}): ${skipped}`);
  }
}

function forecastCells({ own_ms: own, predicted_ms: predicted }: ForecastRow): string[] {
  if (predicted === undefined) return ['', '', ''];
  const off = 100 * (predicted / own - 1);
  return [own.toFixed(2), predicted.toFixed(2), `${off < 0 ? '' : '+'}${off.toFixed(0)} %`];
}
