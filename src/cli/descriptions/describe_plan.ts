import { certificateOf } from '../../caching/certificate.js';
import { planName } from '../../caching/plan_name.js';
import { planRaster } from '../../caching/plan_raster.js';
import { asComputed } from '../../caching/computed_updates.js';
import { blockUpdates, updateShare } from '../../caching/plan.js';
import type { PlanFile } from '../../policy/plan_file.js';
import { describeCertificate } from './describe_certificate.js';
import type { Description } from './description.js';

/** A plan: its method, a raster of its updates, and its certificate. @throws BadInput when that is damaged */
export function describePlan(path: string, { plan, sha256, constants }: PlanFile): Description {
  const name = planName(plan);
  const computed = asComputed(plan, constants);
  const share = updateShare(computed);
  const all = plan.blocks.length * plan.steps;
  const certificate = certificateOf(plan, path);
  return {
    facts: { kind: 'plan', path, name, sha256, block_update_share: share, plan },
    text: [
      `plan ${name} of policy ${plan.policy_sha256.slice(0, 12)}, ${plan.solver.kind}, ${plan.steps} steps`,
      planRaster(computed),
      `${blockUpdates(computed)} of ${all} block updates (${(100 * share).toFixed(1)} %)`,
      ...(certificate ? ['', describeCertificate(certificate)] : []),
    ].join('\n'),
  };
}
