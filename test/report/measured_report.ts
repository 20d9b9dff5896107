import { blocksOf } from '../../src/caching/blocks.js';
import { methodNamed } from '../../src/caching/methods/methods.js';
import { recordFeatures } from '../../src/caching/record_features.js';
import { calibrationRun } from '../../src/inference/calibration_run.js';
import { openInterpreter } from '../../src/inference/interpreter.js';
import { controlPlan } from '../../src/report/facts/control_plan.js';
import { gatherReport } from '../../src/report/facts/gather_report.js';
import { chosenMethods, methodPlans } from '../../src/report/facts/method_plans.js';
import type { NamedObservations } from '../../src/report/facts/measure_elsewhere.js';
import type { NamedPlan } from '../../src/report/facts/measure_plans.js';
import type { ReportFacts } from '../../src/report/facts/report_facts.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { affinePlan } from '../../src/search/affine_plan.js';
import { PlanSearch } from '../../src/search/plan_search.js';
import { recordTrajectories } from '../../src/search/record_trajectories.js';
import { driftConstants } from '../../src/control/drift_constants.js';
import { driftReference } from '../../src/control/drift_reference.js';
import { openBatchedNetwork } from '../../src/inference/batched_network.js';
import type { Trajectories } from '../../src/caching/trajectories.js';
import '../support/cache_directory.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';

const SAMPLES = 6;
const DENSE_RUNS = 24;
/** Evaluations of the searched plans. */
const EVALUATIONS = [[14], [6, 12, 17]] as const;

/**
 * A report on a small random policy: searched plans, the control without a network, several methods, one of them
 * online, one another solver, one in int8; and observations from elsewhere.
 */
export function measuredReport(): Promise<ReportFacts> {
  return (report ??= measure());
}

let report: Promise<ReportFacts> | undefined;

async function measure(): Promise<ReportFacts> {
  const anonymous = await randomPolicy();
  const action = {
    ...anonymous.manifest.action,
    joint_names: ['shoulder', 'elbow', 'gripper <left>'],
    unit: ['rad', 'rad', 'm'],
  };
  const policy = { ...anonymous, manifest: { ...anonymous.manifest, action } };
  const { manifest, sha256: policySha256 } = policy;
  const { steps } = manifest.noise_scheduler;
  const blocks = blocksOf(manifest.architecture.layers);
  const calibrated = randomInputs(policy, 4, 5);
  const interpreter = await openInterpreter(policy, { batch: 4, threads: 1 });
  const statistics = await recordFeatures((request) => interpreter.run(request), calibrated, {
    steps,
    blocks: blocks.length,
    batch: 4,
  });
  const calibration = {
    policySha256,
    steps,
    solver: manifest.noise_scheduler.kind,
    samples: 4,
    seed: 0,
    sources: [{ name: 'calibrated.mcap', sha256: '1'.repeat(64) }],
    blocks: blocks.map((block, i) => ({ block, statistics: statistics[i]! })),
  };
  const run = calibrationRun(interpreter, manifest, calibrated);
  const context = { policySha256, manifest, calibration, run };
  const { plans, skipped } = await methodPlans(
    chosenMethods('uniform,bac,ddim,teacache,int8'),
    steps,
    (name, options) => methodNamed(name).make(context, options),
  );
  await interpreter.close();
  const trajectories = await denseRuns(policy);
  const searched = await searchedPlans(policy, trajectories);
  const control = await controlPlan(policy, trajectories, { threads: 1 });
  const isFile = (name: string): boolean => /^(uniform_s10|bac_s10|int8_s10)/.test(name);
  return gatherReport({
    policy,
    // As if some of them had been given as files.
    plans: [
      ...searched,
      control,
      ...plans.map((each) => ({ ...each, file: isFile(each.name) ? `${each.name}.json` : null })),
    ],
    calibration: { ...calibration, file: 'calibration.safetensors', sha256: '2'.repeat(64) },
    observations: {
      inputs: randomInputs(policy, SAMPLES, 9),
      available: 40,
      sources: [{ name: 'held_out.mcap', sha256: '3'.repeat(64) }],
    },
    elsewhere: [elsewhere(policy)],
    eager: { file: 'peers.json', eager_ms: 90, dense_ms: 30 },
    skipped: [...skipped, { name: 'linear', why: 'has <nothing> to fit on' }],
    command: 'npx bac-policy report policy --calibration calibration.safetensors',
    threads: 1,
    seed: 0,
    chunks: 20,
  });
}

async function denseRuns(policy: PolicyPackage): Promise<Trajectories> {
  const inputs = randomInputs(policy, DENSE_RUNS, 3);
  const network = await openBatchedNetwork(policy, inputs.condition, { batch: DENSE_RUNS });
  try {
    return await recordTrajectories(network, policy.manifest, inputs, {
      episodes: Int32Array.from({ length: DENSE_RUNS }, (_, i) => i >> 1),
      observations: Int32Array.from({ length: DENSE_RUNS }, (_, i) => i),
    });
  } finally {
    await network.close();
  }
}

/** Searched plans with a drift monitor, as `optimize` makes them. */
async function searchedPlans(
  policy: PolicyPackage,
  trajectories: Trajectories,
): Promise<NamedPlan[]> {
  const weights = Array<number>(policy.manifest.architecture.action_dim).fill(1);
  const search = await PlanSearch.open(policy, trajectories, { weights, threads: 1 });
  const drift = driftConstants(driftReference(trajectories.condition, trajectories.episodes));
  const plans: NamedPlan[] = [];
  for (const evaluations of EVALUATIONS) {
    const { plan, constants } = affinePlan(
      policy,
      await search.carryOut({ evaluations, lookAhead: evaluations.map(() => 0.7), fall: 0.5 }),
    );
    plans.push({
      name: `searched_${evaluations.length}`,
      file: `searched_${evaluations.length}.json`,
      plan: { plan, sha256: '4'.repeat(64), constants: new Map([...constants, ...drift]) },
    });
  }
  await search.close();
  return plans;
}

/** Conditions ten times as far from 0 as those of the calibration. */
function elsewhere(policy: PolicyPackage): NamedObservations {
  const inputs = randomInputs(policy, 8, 11);
  return {
    name: 'ten times as <far>',
    inputs: { ...inputs, condition: inputs.condition.map((value) => 10 * value) },
    available: 8,
    sources: [{ name: 'far.safetensors', sha256: '5'.repeat(64) }],
    episodes: Int32Array.from({ length: 8 }, () => 0),
  };
}
