import type { Plan } from '../caching/plan.js';
import { schedulesOf } from '../caching/plan.js';
import { executedActions } from '../policy/executed_actions.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import type { Absence, Contender } from './contender.js';
import { eagerChunkCost, eagerCost } from './eager_cost.js';
import type { PeerProcess } from './peer_process.js';

/** Whether a plan does no more than the paper's: reuse stored branches under the policy's own solver. */
function reusesOnly(plan: Plan, { manifest: { noise_scheduler: own } }: PolicyPackage): boolean {
  const { solver, steps, blocks, numerics, correction, memory, decision } = plan;
  return (
    solver.kind === own.kind &&
    steps === own.steps &&
    blocks.every(({ predict, tokens }) => predict.kind === 'reuse' && !tokens) &&
    numerics.kind === 'fp32' &&
    !correction &&
    !memory &&
    !decision
  );
}

/**
 * Every engine of the peers, with every plan where an engine takes one, warmed up.
 * @param plans in the order in which the peer process was given them
 */
export async function peerContenders(
  peers: PeerProcess,
  policy: PolicyPackage,
  plans: readonly { readonly name: string; readonly plan: { readonly plan: Plan } }[],
  denseMultiplyAdds: number,
): Promise<{ contenders: Contender[]; absent: Absence[] }> {
  const { steps } = policy.manifest.noise_scheduler;
  const cost = eagerCost(policy);
  const relative = (run: number, updates: (block: number) => number): number =>
    eagerChunkCost(cost, run, updates) / denseMultiplyAdds;
  const wanted = peers.engines.flatMap((engine) => {
    const ddim = /^ddim-(\d+)$/.exec(engine);
    if (engine === 'eager-bac') {
      return plans.flatMap(({ name, plan: { plan } }, i) => {
        if (!reusesOnly(plan, policy)) return [];
        const schedules = schedulesOf(plan);
        return { engine, name, plan: `${i}`, cost: relative(steps, (b) => schedules[b]!.length) };
      });
    }
    const run = ddim ? Number(ddim[1]) : steps;
    return [{ engine, name: ddim ? engine : 'dense', plan: '-', cost: relative(run, () => run) }];
  });
  const contenders: Contender[] = [];
  const absent: Absence[] = [];
  for (const { engine, name, plan, cost: share } of wanted) {
    const answer = await peers.ask(`warmup ${engine} ${plan}`);
    if (!('ready' in answer)) {
      const skipped = 'skipped' in answer ? answer.skipped : JSON.stringify(answer);
      absent.push({ name, engine, skipped });
      continue;
    }
    contenders.push({
      name,
      engine,
      cost: share,
      run: async (i) => {
        const result = await peers.ask(`run ${engine} ${plan} ${i}`);
        if (!('ms' in result)) throw new Error(`${engine}: ${JSON.stringify(result)}`);
        const sample = Float32Array.from(result.sample);
        return { ms: result.ms, action: executedActions(policy.manifest, sample) };
      },
      close: () => Promise.resolve(),
    });
  }
  return { contenders, absent };
}
