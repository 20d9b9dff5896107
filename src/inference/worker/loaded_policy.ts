import type { Plan } from '../../caching/plan.js';
import type { DriftReference } from '../../control/drift_distance.js';
import type { PolicyManifest } from '../../policy/manifest.js';
import type { ProviderChoice } from '../execution_provider.js';
import type { Preset } from '../../policy/presets.js';
import type { ExecutionProvider } from '../session.js';
import type { WarmUp } from './warm_up.js';

/** What to load and how. */
export interface LoadOptions {
  /** Directory of the policy package. */
  readonly policy: string;
  /** Plan file; goes before the preset. */
  readonly plan?: string;
  /** A plan that may be needed later, in haste: it is read, and has to fit as well. */
  readonly fallbackPlan?: string;
  /** Where no plan is given; default `dense`. */
  readonly preset?: Preset;
  /** Time a chunk may take, ms; a preset that takes longer gives way to a faster one. 0 = as long as it wants. */
  readonly latencyBudgetMs?: number;
  readonly provider: ProviderChoice;
  /** Whether the CPU takes over where `cuda` cannot be used. */
  readonly providerFallback: boolean;
  /** Inside one operator. */
  readonly threads: number;
  /** Whether chunks may be told what is known of them; default false. */
  readonly inpainting?: boolean;
}

/** A policy that is loaded, warm and ready, as plain data. */
export interface LoadedPolicy {
  readonly manifest: PolicyManifest;
  readonly policySha256: string;
  /** Undefined for the dense policy. */
  readonly planSha256: string | undefined;
  readonly plan: Plan;
  /** Short name of the plan, such as `bac_s10_n5_cosine` or `dense`. */
  readonly planName: string;
  /** The preset that was taken, which the budget may have chosen; undefined where a plan was given. */
  readonly preset: Preset | undefined;
  /** What observations are to be like, where the plan says. */
  readonly drift?: DriftReference;
  /**
   * Root mean square error against dense that 99 of 100 chunks stayed below when the plan was made, on held-out
   * episodes where there were some; undefined where the plan has no certificate.
   */
  readonly certifiedError?: number;
  /** How many blocks a chunk computes, of those that the dense policy computes. */
  readonly blockUpdates: { readonly computed: number; readonly total: number };
  /** Of one chunk without the camera encoders. */
  readonly multiplyAdds: number;
  readonly provider: ExecutionProvider;
  /** One line that says why it is this one, where CUDA was tried. */
  readonly providerNote?: string;
  /** From reading the package to the last chunk of the warm-up, ms. */
  readonly loadMs: number;
  readonly warmUp: WarmUp;
  /** One line that says what the latency budget changed, or that it is not kept. */
  readonly budgetNote?: string;
}
