import { programContender } from '../bench/compiled_contender.js';
import type { Contender } from '../bench/contender.js';
import { ownTime } from '../bench/own_time.js';
import { timeInTurn } from '../bench/time_in_turn.js';
import { madeUpWorkload } from '../bench/workload.js';
import { denoisingProgram } from '../caching/denoising_program.js';
import type { MadePlan } from '../caching/methods/method.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import type { PlanTime } from './plan_time.js';

/** Chunks that are timed. */
const CHUNKS = 20;
/** Observations they are made for. */
const OBSERVATIONS = 8;

/** How long chunks of a plan take, ms, ascending, and what the cost model says at the pace of the moment. */
export interface CheckedTime {
  readonly times: readonly number[];
  readonly predictedMs: number | null;
}

/**
 * Times a plan with the compiled engine. The machine may be slower or faster now than when the cost model was
 * fitted: one of its programs runs in turn with the plan and says by how much.
 * @param planTime the cost model for as many threads; absent = nothing is predicted
 */
export async function checkTime(
  policy: PolicyPackage,
  made: MadePlan,
  planTime: PlanTime | undefined,
  threads: number,
): Promise<CheckedTime> {
  const workload = madeUpWorkload(policy.manifest, OBSERVATIONS, 0);
  const program = denoisingProgram(policy.manifest, made);
  const timed: Contender[] = [];
  try {
    const about = { name: 'plan', threads, provider: 'cpu' } as const;
    timed.push(await programContender(policy, workload, program, about));
    const reference = await planTime?.reference(workload, made.plan.numerics.kind);
    if (reference) timed.push(reference);
    const [plan, pace] = await timeInTurn(timed, {
      ...{ chunks: CHUNKS, samples: OBSERVATIONS, threads },
    });
    const { times, cpuTimes } = plan!;
    // As if nothing else ran, like the model's.
    const own = threads === 1 && cpuTimes.length > 0 ? cpuTimes : times;
    return {
      times: [...own].sort((a, b) => a - b),
      predictedMs:
        planTime && reference && pace
          ? (planTime.ofPlan(made) * ownTime(pace, threads)) / reference.fittedMs
          : null,
    };
  } finally {
    for (const contender of timed) await contender.close();
  }
}
