import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { median } from '../caching/median.js';
import { sha256, writeAtomically } from '../files.js';
import { type FoundProvider, withoutCuda } from './execution_provider.js';
import { cacheDirectory } from './graph_cache.js';
import type { ExecutionProvider } from './session.js';
import { thisMachine } from './this_machine.js';

/** Chunks that each provider makes at most, in turn. */
const MOST_ROUNDS = 7;
/** Time after which no round begins, ms. */
const ENOUGH_MS = 1500;
/** Where NVIDIA's driver names the machine's GPUs. */
const GPUS = '/proc/driver/nvidia/gpus';

/** How a policy is opened with a provider, and how good that is. */
export interface Racer<Opened> {
  open(provider: ExecutionProvider): Promise<Opened>;
  /** Makes one chunk with all that belongs to it. @returns ms */
  chunk(opened: Opened): Promise<number>;
  /** What counts before time, less is better: a faster preset that a budget made necessary. */
  rank(opened: Opened): number;
  close(opened: Opened): Promise<void>;
}

interface Result {
  readonly cpuMs: number;
  readonly cudaMs: number;
  readonly winner: ExecutionProvider;
}

/**
 * Opens a policy with CUDA and on the CPU, lets both make chunks in turn and keeps the faster one: which that is
 * depends on the policy, the plan and the machine. The result is kept beside the compiled graphs, and next time
 * only the faster one is opened. The CPU stays where CUDA fails.
 * @param key what the result depends on, beside the machine
 */
export async function fasterProvider<Opened>(
  key: readonly unknown[],
  racer: Racer<Opened>,
): Promise<{ readonly found: FoundProvider; readonly opened: Opened }> {
  const path = await pathOf(key);
  const known = await readResult(path);
  if (known?.winner === 'cpu') {
    return { found: inWords(known), opened: await racer.open('cpu') };
  }
  let cuda: Opened;
  try {
    cuda = await racer.open('cuda');
  } catch (error) {
    return { found: withoutCuda('auto', true, error), opened: await racer.open('cpu') };
  }
  if (known) return { found: inWords(known), opened: cuda };
  let cpu: Opened | undefined;
  try {
    cpu = await racer.open('cpu');
    const result = await race(racer, cpu, cuda);
    await mkdir(cacheDirectory(), { recursive: true, mode: 0o700 })
      .then(() => writeAtomically(path, JSON.stringify(result)))
      // Then it is measured again next time.
      .catch(() => undefined);
    const [opened, other] = result.winner === 'cpu' ? [cpu, cuda] : [cuda, cpu];
    await racer.close(other);
    return { found: inWords(result), opened };
  } catch (error) {
    await racer.close(cuda);
    if (cpu !== undefined) await racer.close(cpu);
    throw error;
  }
}

async function race<Opened>(racer: Racer<Opened>, cpu: Opened, cuda: Opened): Promise<Result> {
  const times: Record<ExecutionProvider, number[]> = { cpu: [], cuda: [] };
  const begin = performance.now();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (round > 0 && performance.now() - begin > ENOUGH_MS) break;
    times.cpu.push(await racer.chunk(cpu));
    times.cuda.push(await racer.chunk(cuda));
  }
  const [cpuMs, cudaMs] = [median(times.cpu), median(times.cuda)];
  const [cpuRank, cudaRank] = [racer.rank(cpu), racer.rank(cuda)];
  const isCpu = cpuRank === cudaRank ? cpuMs <= cudaMs : cpuRank < cudaRank;
  return { cpuMs, cudaMs, winner: isCpu ? 'cpu' : 'cuda' };
}

function inWords({ cpuMs, cudaMs, winner }: Result): FoundProvider {
  const used = winner === 'cpu' ? 'the CPU' : 'CUDA';
  return {
    provider: winner,
    note: `a chunk takes ${cpuMs.toFixed(1)} ms on the CPU and ${cudaMs.toFixed(1)} ms with CUDA: ${used} is used`,
  };
}

async function pathOf(key: readonly unknown[]): Promise<string> {
  const gpus = await readdir(GPUS).catch(() => []);
  const models = await Promise.all(
    gpus.map((gpu) => readFile(join(GPUS, gpu, 'information'), 'utf8').catch(() => '')),
  );
  const all = [...key, thisMachine(), models.map((text) => /^Model:\s*(.*)$/m.exec(text)?.[1])];
  const name = sha256(Buffer.from(JSON.stringify(all))).slice(0, 16);
  return join(cacheDirectory(), `provider_${name}.json`);
}

async function readResult(path: string): Promise<Result | undefined> {
  try {
    const { cpuMs, cudaMs, winner } = JSON.parse(await readFile(path, 'utf8')) as Partial<Result>;
    if (typeof cpuMs !== 'number' || typeof cudaMs !== 'number') return undefined;
    return winner === 'cpu' || winner === 'cuda' ? { cpuMs, cudaMs, winner } : undefined;
  } catch {
    return undefined;
  }
}
