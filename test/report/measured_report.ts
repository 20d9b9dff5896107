import { blocksOf } from '../../src/caching/blocks.js';
import { methodNamed } from '../../src/caching/methods/methods.js';
import { recordFeatures } from '../../src/caching/record_features.js';
import { calibrationRun } from '../../src/inference/calibration_run.js';
import { openInterpreter } from '../../src/inference/interpreter.js';
import { gatherReport } from '../../src/report/facts/gather_report.js';
import { chosenMethods, methodPlans } from '../../src/report/facts/method_plans.js';
import type { ReportFacts } from '../../src/report/facts/report_facts.js';
import '../support/cache_directory.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';

const SAMPLES = 6;

/** A report on a small random policy: several methods, one of them online, one another solver, one in int8. */
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
    (name, options) => methodNamed(name).make(context, options),
  );
  await interpreter.close();
  const isFile = (name: string): boolean => /^(uniform_s10|bac_s10|int8_s10)/.test(name);
  return gatherReport({
    policy,
    // As if some of them had been given as files.
    plans: plans.map((each) => ({ ...each, file: isFile(each.name) ? `${each.name}.json` : null })),
    calibration: { ...calibration, file: 'calibration.safetensors', sha256: '2'.repeat(64) },
    observations: {
      inputs: randomInputs(policy, SAMPLES, 9),
      available: 40,
      sources: [{ name: 'held_out.mcap', sha256: '3'.repeat(64) }],
    },
    eager: { file: 'peers.json', eager_ms: 90, dense_ms: 30 },
    skipped: [...skipped, { name: 'linear', why: 'has <nothing> to fit on' }],
    command: 'npx bac-policy report policy --calibration calibration.safetensors',
    threads: 1,
    seed: 0,
    chunks: 20,
    onChunk: () => undefined,
  });
}
