import { compiledContender } from '../../bench/compiled_contender.js';
import type { Contender } from '../../bench/contender.js';
import { eagerCost } from '../../bench/eager_cost.js';
import {
  type DenoisingInputs,
  selectSamples,
  spreadEvenly,
} from '../../caching/denoising_inputs.js';
import { denoisingProgram } from '../../caching/denoising_program.js';
import { BadInput } from '../../errors.js';
import type { Interpreter } from '../../inference/interpreter.js';
import { executedActions } from '../../policy/executed_actions.js';
import type { PlanFile } from '../../policy/plan_file.js';
import type { PolicyPackage } from '../../policy/policy_package.js';
import { CONTROL_ROW } from './control_plan.js';

/** A plan that is to be measured. */
export interface NamedPlan {
  readonly name: string;
  /** The file it was read from; null for plans that were made for the report. */
  readonly file: string | null;
  readonly plan: PlanFile;
}

/** Plans that are in memory and timed in turn at once, each group with dense. */
const GROUP = 16;
/** Chunks that each contender makes before its time counts: caches and clocks settle. */
const WARM_UP_CHUNKS = 2;
/** Dense is slow: what it does is known from the first group, in the others it takes every so many turns. */
const DENSE_EVERY = 4;
/** Observations, each from both noises, that the interpreter runs: it takes longer than dense for each. */
const INTERPRETED = 16;

/** What a plan, or dense, did on all samples. */
export interface MeasuredPlan {
  readonly engine: string;
  /** Multiply-adds relative to dense on the same engine. */
  readonly cost: number;
  /** ms of every chunk; null where only the interpreter runs it. */
  readonly chunksMs: readonly number[] | null;
  /** Of dense, in turn with it. */
  readonly denseMs: readonly number[];
  /** Executed actions (N, Ta, A), physical. */
  readonly actions: Float32Array;
  /** Which of the samples these are; absent = all. */
  readonly of?: readonly number[];
}

/** What {@link measurePlans} finds. */
export interface MeasuredPlans {
  readonly dense: MeasuredPlan;
  /** In the order of the plans. */
  readonly plans: readonly MeasuredPlan[];
  /** By name, the same plans without their correction, as far as they have one. */
  readonly uncorrected: ReadonlyMap<string, MeasuredPlan>;
}

/** How plans are measured. */
export interface MeasureOptions {
  /** That each compiled plan makes: as many as there are samples, or more, which begin again with the first. */
  readonly chunks: number;
  readonly threads: number;
  /** One after the other, a denoised chunk each: {@link chunksToMeasure} in all. */
  readonly onChunk: () => void;
}

/** How many chunks {@link measurePlans} makes: what it is as long as. */
export function chunksToMeasure(plans: readonly NamedPlan[], chunks: number): number {
  const all = withUncorrected(plans);
  const groups = groupsOf(all).length;
  const dense = chunks + Math.max(0, groups - 1) * Math.ceil(chunks / DENSE_EVERY);
  return all.filter(isCompiled).length * chunks + dense;
}

/**
 * Runs dense and all plans on every sample: compiled and timed, in turn with dense, or, where a plan decides while
 * denoising, by the interpreter, untimed, on some.
 * @param inputs 2N samples: N observations from one noise, then from another
 */
export async function measurePlans(
  policy: PolicyPackage,
  plans: readonly NamedPlan[],
  inputs: DenoisingInputs,
  interpreter: () => Promise<Interpreter>,
  options: MeasureOptions,
): Promise<MeasuredPlans> {
  const { threads } = options;
  const settings = { threads, provider: 'cpu' } as const;
  const all = withUncorrected(plans);
  const dense = await compiledContender(policy, inputs, { name: 'dense', ...settings });
  const found = new Map<string, MeasuredPlan>();
  try {
    for (const group of groupsOf(all)) {
      const contenders: Contender[] = [];
      try {
        for (const { name, plan } of group) {
          const { multiplyAdds: denseMultiplyAdds } = dense;
          const which = { name, plan, denseMultiplyAdds, ...settings };
          contenders.push(await compiledContender(policy, inputs, which));
        }
        const measured = await inTurn(dense, contenders, inputs.samples, {
          ...options,
          denseEvery: found.has('dense') ? DENSE_EVERY : 1,
        });
        for (const [i, { name }] of [dense, ...contenders].entries()) {
          if (!found.has(name)) found.set(name, measured[i]!);
        }
      } finally {
        for (const contender of contenders) await contender.close();
      }
    }
  } finally {
    await dense.close();
  }
  for (const { name, plan } of all) {
    if (isCompiled({ plan })) continue;
    found.set(name, await interpreted(policy, { name, plan }, inputs, await interpreter()));
  }
  return {
    dense: found.get('dense')!,
    plans: plans.map(({ name }) => found.get(name)!),
    uncorrected: new Map(
      plans.flatMap(({ name }) => {
        const bare = found.get(uncorrectedName(name));
        return bare ? [[name, bare] as const] : [];
      }),
    ),
  };
}

/** Plans, and behind them the same without their correction; the control is nothing but one. */
function withUncorrected(plans: readonly NamedPlan[]): NamedPlan[] {
  const corrected = plans.filter(({ plan: { plan } }) => plan.correction && !plan.decision);
  return [
    ...plans,
    ...corrected
      .filter(({ name }) => name !== CONTROL_ROW)
      .map(({ name, plan }) => ({
        name: uncorrectedName(name),
        file: null,
        plan: withoutCorrection(plan),
      })),
  ];
}

function uncorrectedName(name: string): string {
  return `${name}, uncorrected`;
}

/** The same plan, whose blocks reuse what they stored from one evaluation to the next. */
function withoutCorrection({ plan, sha256, constants }: PlanFile): PlanFile {
  const bare = { ...plan };
  delete bare.correction;
  const kept = [...constants].filter(([name]) => !name.startsWith('affine.'));
  return { plan: bare, sha256, constants: new Map(kept) };
}

/** Whether a plan can be compiled: all is decided before. */
function isCompiled({ plan: { plan } }: Pick<NamedPlan, 'plan'>): boolean {
  return plan.decision === undefined;
}

/** Plans that can be compiled, as many together as are timed in turn; one empty group where there are none. */
function groupsOf(plans: readonly NamedPlan[]): NamedPlan[][] {
  const compiled = plans.filter(isCompiled);
  return Array.from({ length: Math.max(1, Math.ceil(compiled.length / GROUP)) }, (_, i) =>
    compiled.slice(i * GROUP, (i + 1) * GROUP),
  );
}

/**
 * Lets dense and plans make chunks in turn, D A B C D A B C ..., so that a machine whose speed drifts slows all
 * alike.
 * @returns dense first
 */
async function inTurn(
  dense: Contender,
  plans: readonly Contender[],
  samples: number,
  { chunks, denseEvery, onChunk }: MeasureOptions & { readonly denseEvery: number },
): Promise<MeasuredPlan[]> {
  const results = [dense, ...plans].map(({ engine, cost }) => ({
    engine,
    cost,
    chunksMs: [] as number[],
    actions: [] as Float32Array[],
  }));
  for (let chunk = -WARM_UP_CHUNKS; chunk < chunks; chunk++) {
    const sample = Math.max(chunk, 0) % samples;
    for (const [i, contender] of [dense, ...plans].entries()) {
      if (i === 0 && chunk % denseEvery !== 0) continue;
      const { ms, action } = await contender.run(sample);
      if (chunk < 0) continue;
      results[i]!.chunksMs.push(ms);
      if (chunk < samples) results[i]!.actions.push(action);
      onChunk();
    }
  }
  const denseMs = results[0]!.chunksMs;
  return results.map(({ actions, ...result }) => {
    const size = actions[0]!.length;
    const all = new Float32Array(actions.length * size);
    for (const [j, action] of actions.entries()) all.set(action, j * size);
    return { ...result, denseMs, actions: all };
  });
}

async function interpreted(
  policy: PolicyPackage,
  { name, plan }: Pick<NamedPlan, 'name' | 'plan'>,
  inputs: DenoisingInputs,
  interpreter: Interpreter,
): Promise<MeasuredPlan> {
  const { manifest } = policy;
  const program = denoisingProgram(manifest, plan, name);
  const observations = inputs.samples / 2;
  const chosen = spreadEvenly(observations, INTERPRETED);
  const of = [...chosen, ...chosen.map((i) => observations + i)];
  const some = selectSamples(inputs, of, manifest.noise_scheduler.steps);
  const { sample, computedBlocks } = await interpreter.run({ ...some, program });
  const { perStep, blocks } = eagerCost(policy);
  const { steps } = manifest.noise_scheduler;
  const all = blocks.reduce((sum, cost) => sum + cost, 0);
  // It is known how many blocks each sample needed, not which: they count as blocks of average cost.
  const computed = computedBlocks.reduce((sum, count) => sum + count, 0) / of.length;
  const cost = program.steps.length * perStep + (computed * all) / blocks.length;
  return {
    engine: 'interpreter',
    cost: cost / (steps * (perStep + all)),
    chunksMs: null,
    denseMs: [],
    actions: executedActions(manifest, sample),
    of,
  };
}

/** Names of rows tell them apart. @throws BadInput for two of the same name */
export function checkNames(plans: readonly NamedPlan[]): void {
  const names = new Set(['dense']);
  for (const { name, file } of plans) {
    if (names.has(name)) {
      throw new BadInput(
        `two plans are called ${name}`,
        file ?? name,
        'give plan files other names, they name the rows of the report',
      );
    }
    names.add(name);
  }
}
