import { compiledContender } from '../../bench/compiled_contender.js';
import type { Contender } from '../../bench/contender.js';
import { eagerCost } from '../../bench/eager_cost.js';
import { timeInTurn } from '../../bench/time_in_turn.js';
import type { DenoisingInputs } from '../../caching/denoising_inputs.js';
import { denoisingProgram } from '../../caching/denoising_program.js';
import { BadInput } from '../../errors.js';
import type { Interpreter } from '../../inference/interpreter.js';
import { executedActions } from '../../policy/executed_actions.js';
import type { PlanFile } from '../../policy/plan_file.js';
import type { PolicyPackage } from '../../policy/policy_package.js';

/** A plan that is to be measured. */
export interface NamedPlan {
  readonly name: string;
  /** The file it was read from; null for plans that were made for the report. */
  readonly file: string | null;
  readonly plan: PlanFile;
}

/** Plans that are in memory and timed in turn at once, each group with dense. */
const GROUP = 16;

/** What a plan, or dense, did on all samples. */
export interface MeasuredPlan {
  readonly engine: string;
  /** Multiply-adds relative to dense on the same engine. */
  readonly cost: number;
  /** ms of every chunk; null where only the interpreter runs it. */
  readonly chunksMs: readonly number[] | null;
  /** The same of dense, in turn with it. */
  readonly denseMs: readonly number[];
  /** Executed actions (N, Ta, A), physical. */
  readonly actions: Float32Array;
}

/** How plans are measured. */
export interface MeasureOptions {
  /** That each compiled plan makes: as many as there are samples, or more, which begin again with the first. */
  readonly chunks: number;
  readonly threads: number;
  /** One after the other, a denoised chunk each. */
  readonly onChunk: () => void;
}

/** How many chunks {@link measurePlans} makes: what it is as long as. */
export function chunksToMeasure(plans: readonly NamedPlan[], chunks: number): number {
  return (plans.length + Math.max(1, groupsOf(plans).length)) * chunks;
}

/**
 * Runs dense and all plans on every sample: compiled and timed, in turn with dense, or, where a plan decides while
 * denoising, by the interpreter, untimed.
 * @returns dense first, then the plans in their order
 */
export async function measurePlans(
  policy: PolicyPackage,
  plans: readonly NamedPlan[],
  inputs: DenoisingInputs,
  interpreter: () => Promise<Interpreter>,
  options: MeasureOptions,
): Promise<[MeasuredPlan, ...MeasuredPlan[]]> {
  const { chunks, threads, onChunk } = options;
  const settings = { threads, provider: 'cpu' } as const;
  const dense = await compiledContender(policy, inputs, { name: 'dense', ...settings });
  const found = new Map<string, MeasuredPlan>();
  try {
    const groups = groupsOf(plans);
    for (const group of groups.length > 0 ? groups : [[]]) {
      const contenders: Contender[] = [];
      try {
        for (const { name, plan } of group) {
          const { multiplyAdds: denseMultiplyAdds } = dense;
          const which = { name, plan, denseMultiplyAdds, ...settings };
          contenders.push(await compiledContender(policy, inputs, which));
        }
        const measured = await timed([dense, ...contenders], inputs.samples, options);
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
  for (const { name, plan } of plans) {
    if (!plan.plan.decision) continue;
    found.set(name, await interpreted(policy, { name, plan }, inputs, await interpreter()));
    for (let i = 0; i < chunks; i++) onChunk();
  }
  return [found.get('dense')!, ...plans.map(({ name }) => found.get(name)!)];
}

/** Plans that can be compiled, as many together as are timed in turn. */
function groupsOf(plans: readonly NamedPlan[]): NamedPlan[][] {
  const compiled = plans.filter(({ plan: { plan } }) => !plan.decision);
  return Array.from({ length: Math.ceil(compiled.length / GROUP) }, (_, i) =>
    compiled.slice(i * GROUP, (i + 1) * GROUP),
  );
}

/** @param contenders dense first */
async function timed(
  contenders: readonly Contender[],
  samples: number,
  { chunks, onChunk }: MeasureOptions,
): Promise<MeasuredPlan[]> {
  const results = await timeInTurn(contenders, { chunks, samples, onChunk });
  return results.map(({ times, actions }, i) => {
    const { engine, cost } = contenders[i]!;
    const all = new Float32Array(samples * actions[0]!.length);
    for (const [j, action] of actions.entries()) all.set(action, j * action.length);
    return { engine, cost, chunksMs: times, denseMs: results[0]!.times, actions: all };
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
  const { sample, computedBlocks } = await interpreter.run({ ...inputs, program });
  const { perStep, blocks } = eagerCost(policy);
  const { steps } = manifest.noise_scheduler;
  const all = blocks.reduce((sum, cost) => sum + cost, 0);
  // It is known how many blocks each sample needed, not which: they count as blocks of average cost.
  const computed = computedBlocks.reduce((sum, count) => sum + count, 0) / inputs.samples;
  const cost = program.steps.length * perStep + (computed * all) / blocks.length;
  return {
    engine: 'interpreter',
    cost: cost / (steps * (perStep + all)),
    chunksMs: null,
    denseMs: [],
    actions: executedActions(manifest, sample),
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
