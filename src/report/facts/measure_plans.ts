import { compiledContender } from '../../bench/compiled_contender.js';
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

/** What a plan, or dense, did on all samples. */
export interface MeasuredPlan {
  readonly engine: string;
  /** Multiply-adds relative to dense on the same engine. */
  readonly cost: number;
  /** ms of every chunk; null where only the interpreter runs it. */
  readonly chunksMs: readonly number[] | null;
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

/**
 * Runs dense and all plans on every sample: compiled, in turn and timed, or, where a plan decides while denoising,
 * by the interpreter, untimed.
 * @returns dense first, then the plans in their order
 */
export async function measurePlans(
  policy: PolicyPackage,
  plans: readonly NamedPlan[],
  inputs: DenoisingInputs,
  interpreter: () => Promise<Interpreter>,
  { chunks, threads, onChunk }: MeasureOptions,
): Promise<[MeasuredPlan, ...MeasuredPlan[]]> {
  const settings = { threads, provider: 'cpu' } as const;
  const dense = await compiledContender(policy, inputs, { name: 'dense', ...settings });
  const compiled = plans.filter(({ plan: { plan } }) => !plan.decision);
  const contenders = [dense];
  const found = new Map<string | undefined, MeasuredPlan>();
  try {
    for (const { name, plan } of compiled) {
      const { multiplyAdds: denseMultiplyAdds } = dense;
      contenders.push(
        await compiledContender(policy, inputs, { name, plan, denseMultiplyAdds, ...settings }),
      );
    }
    const { samples } = inputs;
    const timed = await timeInTurn(contenders, { chunks, samples, onChunk });
    for (const [i, { times, actions }] of timed.entries()) {
      const { engine, cost } = contenders[i]!;
      const all = new Float32Array(samples * actions[0]!.length);
      for (const [j, action] of actions.entries()) all.set(action, j * action.length);
      found.set(compiled[i - 1]?.name, { engine, cost, chunksMs: times, actions: all });
    }
  } finally {
    for (const contender of contenders) await contender.close();
  }
  for (const { name, plan } of plans) {
    if (!plan.plan.decision) continue;
    found.set(name, await interpreted(policy, { name, plan }, inputs, await interpreter()));
    for (let i = 0; i < chunks; i++) onChunk();
  }
  return [found.get(undefined)!, ...plans.map(({ name }) => found.get(name)!)];
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
