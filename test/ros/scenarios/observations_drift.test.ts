import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { conditionNames } from '../../../src/control/condition_names.js';
import { driftConstants } from '../../../src/control/drift_constants.js';
import { driftReference } from '../../../src/control/drift_reference.js';
import { sha256 } from '../../../src/files.js';
import { readPlan, writePlan } from '../../../src/policy/plan_file.js';
import { normalise } from '../../../src/policy/normaliser.js';
import { certificateWith } from '../../support/certificate.js';
import { cubePose, jointStates, PANDA_START } from '../../support/ros_inputs.js';
import { liftPolicy, type RunnablePolicy } from '../../support/ros_policies.js';
import { isHold, type Scene } from '../../support/ros_scene.js';
import { scenario } from '../../support/ros_scenario.js';
import { normals } from '../../support/seeded_random.js';
import { temporaryDirectory } from '../../support/temporary_directory.js';

/** Chunks that are enough to notice drift: the monitor wants four of eight. */
const SOON = 6;
const EPISODES = 30;
/** A certificate whose 99 % error no chunk of this plan stays below, and one that all do. */
const TIGHT = 1e-9;

let made: Promise<RunnablePolicy> | undefined;

/** The demo's policy with a plan that was calibrated on a robot that stands about where the scene's does. */
function calibrated(): Promise<RunnablePolicy> {
  return (made ??= calibrate());
}

async function calibrate(): Promise<RunnablePolicy> {
  const lift = await liftPolicy();
  const { manifest } = lift.policy;
  const input = manifest.inputs[0]!;
  const standing = [...PANDA_START, 0.02, 0.01, 0.83, 0, 0, 0, 1];
  assert.equal(conditionNames(manifest).length, standing.length);
  const episodes = Array.from({ length: 10 * EPISODES }, (_, i) => Math.floor(i / 10));
  const noise = normals(1, episodes.length * 2 * standing.length);
  const seen = noise.map((value, i) => standing[i % standing.length]! + 0.01 * value);
  const conditions = normalise(seen, input.normaliser);
  const path = join(temporaryDirectory(), 'calibrated.json');
  const { plan } = await readPlan(lift.plan.path);
  const constants = driftConstants(driftReference(conditions, episodes));
  await writePlan(path, { ...plan, measured: certificateWith(TIGHT) }, constants);
  return { ...lift, plan: { path, sha256: sha256(readFileSync(path)) } };
}

/** Chunks last a second, so that there is time for the dense policy on a machine that is busy. */
const OPTIONS = {
  parameters: {
    max_age_ms: 1000,
    rate_hz: 4,
    action_horizon: 4,
    'drift.fallback': 'quality',
    'drift.calm_s': 0.5,
    'drift.check_every': 2,
  },
};

/** Of the drift status, whatever its level. */
async function driftValues(scene: Scene): Promise<Readonly<Record<string, string>>> {
  return (await scene.says(/fallback_state/, 0)).values;
}

scenario('observations drift', calibrated, OPTIONS, (scene) => {
  it('is well while observations are those of calibration', async () => {
    await scene().flows(SOON);
    const { level, values } = await scene().says(/"level":"ok"/, 0);
    assert.ok(level <= 1, 'only the error of a checked chunk may be complained of');
    assert.equal(values['chunks_beyond'], '0');
    assert.ok(Number(values['chunks']) >= SOON);
  });

  it('checks chunks against the dense policy and tells their error from the certificate', async () => {
    const { values } = await scene().says(/above the certificate's/);
    assert.ok(Number(values['checked_against_dense']) > 0);
    assert.ok(Number(values['error_max']) > 0);
    assert.ok(Number(values['certified_error_p99']) < 1e-6);
  });

  it('warns soon after the cube is elsewhere, and a safer plan takes over', async () => {
    const { plan } = await calibrated();
    const start = await scene().peer.count(scene().chunk);
    await scene().peer.stream(cubePose(0.3), { hz: 50 });
    const { message, values } = await scene().says(/"level":"drift"/);
    assert.match(message, /observations drift .*cube\[0\] is out/);
    assert.ok(Number(values['chunks_beyond']) >= 4);
    assert.ok((await scene().peer.count(scene().chunk)) - start <= 2 * SOON);
    await scene().says(/"fallback_state":"fallen back"/);
    await scene().flows(2);
    const chunks = (await scene().chunks(start)).map((one) => one.message);
    assert.notEqual(chunks.at(-1)!.plan_sha256, plan.sha256);
    const ids = chunks.map(({ chunk_id: id }) => Number(id));
    assert.deepEqual(
      ids,
      ids.map((_, i) => ids[0]! + i),
      'no chunk was missed',
    );
    const told = await scene().peer.take<{ data: string }>(scene().node.own('active_plan'));
    assert.match(told.at(-1)!.message.data, /"preset":"quality"/);
  });

  it('returns to the plan when the cube is back', async () => {
    const { plan } = await calibrated();
    const since = (await scene().flows(1)).at(-1)!.at;
    await scene().feed();
    await scene().says(/"fallback_state":"off"/, 0);
    const [{ message } = assert.fail()] = (await scene().flows(2)).slice(-1);
    assert.equal(message.plan_sha256, plan.sha256);
    const values = await driftValues(scene());
    assert.deepEqual([values['falls_back'], values['returns']], ['1', '1']);
    const held = (await scene().trajectories()).filter(({ at }) => at > since);
    assert.ok(!held.some((one) => isHold(one.message)), 'no hold');
  });

  it('notices a joint that reads otherwise than in calibration', async () => {
    const [first, ...others] = PANDA_START;
    await scene().peer.stream(jointStates([first! + 0.3, ...others]), { hz: 50 });
    await scene().says(/observations drift .*panda_joint1 is out/);
  });
});
