import { z } from 'zod';
import { parseWith, type PolicyManifest } from '../../policy/manifest.js';
import type { PlanConstants } from '../../policy/plan_file.js';
import type { Calibration } from '../calibration.js';
import type { Plan } from '../plan.js';
import type { RunOnCalibration } from './run_on_calibration.js';

/** A plan with its constants, not written yet. */
export interface MadePlan {
  readonly plan: Plan;
  readonly constants: PlanConstants;
}

/**
 * Error of a plan on calibration observations: RMSE of the executed actions against the dense policy with the same
 * noise, in physical units.
 */
export type MeasureError = (made: MadePlan) => Promise<number>;

/**
 * What a method may need beside the policy: `features` = statistics of all features, `runs` = runs of the policy
 * on calibration observations, `errors` = errors of plans on them.
 */
export type MethodNeed = 'features' | 'runs' | 'errors';

/** What a method makes a plan from. */
export interface MethodContext {
  readonly policySha256: string;
  readonly manifest: PolicyManifest;
  readonly calibration?: Calibration;
  readonly run?: RunOnCalibration;
  readonly measure?: MeasureError;
  /** The plan to build upon, for methods that change a plan; absent = evenly spread updates. */
  readonly base?: MadePlan;
}

/** A published way to decide what is computed when, under the name that `bac-policy plan --method` knows. */
export interface CachingMethod {
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** Where it comes from; absent for baselines. */
  readonly paper?: { readonly title: string; readonly arxiv: string };
  /** `online` methods decide while denoising, which only the interpreter does. */
  readonly decisions: 'static' | 'online';
  readonly needs: readonly MethodNeed[];
  /** All with defaults, values coerced from text. */
  readonly options: z.ZodObject;
  /**
   * @param options as the user gave them, unchecked
   * @throws BadInput for options out of range, or when something the method needs is not in the context
   */
  make(context: MethodContext, options: Readonly<Record<string, unknown>>): Promise<MadePlan>;
}

/** A method whose `make` gets its options parsed. */
export function defineMethod<Shape extends z.ZodRawShape>(
  method: Omit<CachingMethod, 'options' | 'make'> & {
    readonly options: z.ZodObject<Shape>;
    readonly make: (
      context: MethodContext,
      options: z.infer<z.ZodObject<Shape>>,
    ) => MadePlan | Promise<MadePlan>;
  },
): CachingMethod {
  return {
    ...method,
    async make(context, options) {
      const where = `--method ${method.name}`;
      const parsed = parseWith(method.options, options, where, 'give an option in its range');
      return method.make(context, parsed);
    },
  };
}
