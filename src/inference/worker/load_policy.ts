import { asComputed } from '../../caching/computed_updates.js';
import { blockUpdates } from '../../caching/plan.js';
import { planName } from '../../caching/plan_name.js';
import { type ObservationLayout, observationLayout } from '../../control/observation_layout.js';
import { readPlanFor } from '../../policy/plan_file.js';
import { type PolicyPackage, readPolicyPackage } from '../../policy/policy_package.js';
import { type FoundProvider, findProvider, withoutCuda } from '../execution_provider.js';
import { fasterProvider } from '../faster_provider.js';
import { openRunner, type OpenPolicyRunner } from '../open_policy_runner.js';
import type { Preset } from '../../policy/presets.js';
import { fromPreset, presetPlan } from '../preset_plan.js';
import type { ExecutionProvider } from '../session.js';
import type { LoadedPolicy, LoadOptions } from './loaded_policy.js';
import { planPromises } from './plan_promises.js';
import { type WarmUp, warmUp, wholeChunkMs } from './warm_up.js';

/** A policy with its sessions, and what is known of it. */
export interface RunningPolicy {
  readonly runner: OpenPolicyRunner;
  readonly layout: ObservationLayout;
  readonly loaded: LoadedPolicy;
}

type PlanChoice = Awaited<ReturnType<typeof presetPlan>> & { readonly preset: Preset | undefined };

interface Opened {
  readonly runner: OpenPolicyRunner;
  readonly choice: PlanChoice;
  readonly promises: ReturnType<typeof planPromises>;
  readonly warmUp: WarmUp;
  /** Presets before this one, which took too long. */
  readonly tooSlow: readonly Preset[];
}

/**
 * Reads, compiles and loads a policy, runs it until its times settle, and where these exceed the latency
 * budget goes on to the next faster preset.
 * @throws BadInput when a file is damaged, does not fit, or lacks what observations need
 */
export async function loadPolicy(options: LoadOptions): Promise<RunningPolicy> {
  const begin = performance.now();
  const policy = await readPolicyPackage(options.policy);
  const layout = observationLayout(policy.manifest, options.policy);
  if (options.fallbackPlan !== undefined) await readPlanFor(options.fallbackPlan, policy);
  const { found, opened } = await openWithProvider(policy, options);
  const { runner, choice, promises, warmUp: times } = opened;
  const note = budgetNote(opened, options.latencyBudgetMs ?? 0);
  const computed = blockUpdates(asComputed(choice.plan, choice.constants));
  const loaded: LoadedPolicy = {
    manifest: policy.manifest,
    policySha256: policy.sha256,
    planSha256: choice.sha256,
    plan: choice.plan,
    planName: planName(choice.plan),
    preset: choice.preset,
    ...promises,
    blockUpdates: { computed, total: choice.plan.blocks.length * choice.plan.steps },
    multiplyAdds: runner.multiplyAdds,
    provider: found.provider,
    ...(found.note !== undefined && { providerNote: found.note }),
    loadMs: performance.now() - begin,
    warmUp: times,
    ...(note !== undefined && { budgetNote: note }),
  };
  return { runner, layout, loaded };
}

/** CUDA may be there and yet fail with the real graphs, for want of memory for instance. */
async function openWithProvider(
  policy: PolicyPackage,
  options: LoadOptions,
): Promise<{ found: FoundProvider; opened: Opened }> {
  let found = await findProvider(options.provider, options.providerFallback);
  if (options.provider === 'auto' && found.provider === 'cuda') {
    return fasterProvider(await raceKey(policy, options), {
      open: (provider) => openWithinBudget(policy, options, provider),
      chunk: ({ runner }) => wholeChunkMs(runner),
      rank: ({ tooSlow }) => tooSlow.length,
      close: ({ runner }) => runner.close(),
    });
  }
  try {
    return { found, opened: await openWithinBudget(policy, options, found.provider) };
  } catch (error) {
    if (found.provider === 'cpu') throw error;
    found = withoutCuda(options.provider, options.providerFallback, error);
    return { found, opened: await openWithinBudget(policy, options, found.provider) };
  }
}

/** What decides which provider is faster. */
async function raceKey(
  policy: PolicyPackage,
  { plan, preset = 'dense', latencyBudgetMs = 0, threads }: LoadOptions,
): Promise<unknown[]> {
  const { sha256 } = plan ? await readPlanFor(plan, policy) : await presetPlan(preset, policy);
  return [policy.sha256, sha256 ?? preset, latencyBudgetMs, threads];
}

async function openWithinBudget(
  policy: PolicyPackage,
  options: LoadOptions,
  provider: ExecutionProvider,
): Promise<Opened> {
  const budgetMs = options.latencyBudgetMs ?? 0;
  const tooSlow: Preset[] = [];
  const { threads, inpainting = false } = options;
  const settings = { threads, provider, inpainting };
  const presets = options.plan === undefined ? fromPreset(options.preset ?? 'dense') : [undefined];
  for (const [i, preset] of presets.entries()) {
    const choice: PlanChoice =
      preset === undefined
        ? { ...(await readPlanFor(options.plan!, policy)), preset }
        : { ...(await presetPlan(preset, policy)), preset };
    const where = options.plan ?? `preset ${preset}`;
    const promises = planPromises(choice, policy.manifest, where);
    const { sha256 } = choice;
    const plan = sha256 === undefined ? undefined : { ...choice, sha256 };
    const runner = await openRunner(policy, plan, settings);
    let times: WarmUp;
    try {
      times = await warmUp(runner);
    } catch (error) {
      await runner.close();
      throw error;
    }
    const kept = budgetMs === 0 || times.medianMs <= budgetMs;
    if (kept || i === presets.length - 1) {
      return { runner, choice, promises, warmUp: times, tooSlow };
    }
    tooSlow.push(preset!);
    await runner.close();
  }
  throw new Error('there is always a last preset');
}

function budgetNote(
  { tooSlow, choice, warmUp: times }: Opened,
  budgetMs: number,
): string | undefined {
  const budget = `the latency budget of ${budgetMs} ms`;
  const name = choice.preset === undefined ? 'the plan' : `preset ${choice.preset}`;
  const took = `${name} takes ${times.medianMs.toFixed(1)} ms a chunk`;
  if (budgetMs > 0 && times.medianMs > budgetMs) {
    const nothing = choice.preset === undefined ? '' : ', and there is no faster one';
    return `${took}, more than ${budget}${nothing}`;
  }
  return tooSlow.length > 0
    ? `${took}; ${tooSlow.join(' and ')} took more than ${budget}`
    : undefined;
}
