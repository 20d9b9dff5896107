import assert from 'node:assert/strict';
import type { Trajectories } from '../../src/caching/trajectories.js';
import type { BatchedNetwork } from '../../src/inference/batched_network.js';
import { affineStep } from '../../src/inference/denoise_step.js';
import type { NoiseScheduler, PolicyManifest } from '../../src/policy/manifest.js';
import { denoisingSteps } from '../../src/policy/noise_schedule.js';
import { AffineRollout } from '../../src/search/affine_rollout.js';
import { recordTrajectories } from '../../src/search/record_trajectories.js';
import { searchSplit } from '../../src/search/search_split.js';
import { assertClose } from '../support/assert_close.js';
import { NOISE_SCHEDULER } from '../support/random_policy.js';
import { normals } from '../support/seeded_random.js';

const N = 400;
const LOOK = { strength: 0.7, fall: 0.5 };
const STEPS = 50;
/** Actions of the policy: points of a circle. */
const POINTS = 128;
const RADIUS = 0.8;

/** A policy whose actions lie on a circle: which way is along them, depends on the state. */
describe('affine runs of a policy on a circle', function () {
  this.timeout(20_000);
  const scheduler: NoiseScheduler = {
    ...NOISE_SCHEDULER,
    steps: STEPS,
    train_steps: STEPS,
    prediction_type: 'sample',
  };
  const steps = denoisingSteps(scheduler);
  const architecture = {
    horizon: 1,
    action_dim: 2,
    n_obs_steps: 1,
    condition_dim: 1,
    causal: true,
  } as PolicyManifest['architecture'];
  const alphaBars = new Map(steps.map(({ timestep, alphaBar }) => [timestep, alphaBar]));
  /** The mean of the circle's points, by how likely each of them became x. */
  const network: BatchedNetwork = {
    batch: N,
    evaluate: (rows, timestep, x) => {
      const alphaBar = alphaBars.get(timestep)!;
      const means = new Float32Array(2 * rows.length);
      for (let row = 0; row < rows.length; row++) {
        const at = [x[2 * row]!, x[2 * row + 1]!];
        let total = 0;
        const sum = [0, 0];
        const angle = Math.atan2(at[1]!, at[0]!);
        const pull = (RADIUS * Math.sqrt(alphaBar) * Math.hypot(...at)) / (1 - alphaBar);
        for (let i = 0; i < POINTS; i++) {
          const turn = (2 * Math.PI * i) / POINTS;
          const weight = Math.exp(pull * (Math.cos(turn) - 1));
          total += weight;
          sum[0]! += weight * Math.cos(angle + turn);
          sum[1]! += weight * Math.sin(angle + turn);
        }
        means.set(
          sum.map((value) => (RADIUS * value) / total),
          2 * row,
        );
      }
      return Promise.resolve(means);
    },
    close: () => Promise.resolve(),
  };
  const stepNoise = normals(2, 2 * N * STEPS);
  let trajectories: Trajectories;
  let rollout: AffineRollout;
  const deviation = (x: Float32Array, step: number): number => {
    const dense = trajectories.states[step]!;
    return Math.sqrt(x.reduce((sum, value, i) => sum + (value - dense[i]!) ** 2, 0) / x.length);
  };
  before(async () => {
    const inputs = {
      samples: N,
      condition: new Float32Array(N),
      initialNoise: normals(1, 2 * N),
      stepNoise,
    };
    const manifest = { noise_scheduler: scheduler, architecture } as PolicyManifest;
    const each = Int32Array.from({ length: N }, (_, i) => i);
    const about = { episodes: each, observations: each };
    trajectories = await recordTrajectories(network, manifest, inputs, about);
    const final = trajectories.states[STEPS]!;
    assert.ok(final.every((_, i) => i % 2 || Math.hypot(final[i]!, final[i + 1]!) < 1.01 * RADIUS));
    rollout = new AffineRollout(
      { architecture, clipRange: scheduler.clip_range },
      steps,
      trajectories,
      searchSplit(trajectories),
      { network, rows: [...each] },
      ({ x, step }) => deviation(x, step),
    );
  });
  after(() => rollout.close());

  /** Error of a run from a dense state. */
  async function error(begin: number, end: number, lookAhead: number): Promise<number> {
    const from = { step: begin, x: trajectories.states[begin]! };
    const { arrival } = await rollout.advance(from, end, { strength: lookAhead, fall: 0.5 });
    return deviation(arrival.x, end);
  }

  for (const [begin, end] of [
    [35, 42],
    [42, 47],
    [44, 50],
  ] as const) {
    it(`are much more exact where they look ahead, from ${begin} to ${end}`, async () => {
      const [straight, ahead] = [await error(begin, end, 0), await error(begin, end, 0.7)];
      assert.ok(ahead < 0.8 * straight, `${ahead} ${straight}`);
    });
  }

  it('do as maps what the fits predict, also looking back', async () => {
    const from = { step: 35, x: trajectories.states[35]! };
    const first = await rollout.advance(from, 42, LOOK);
    const second = await rollout.advance(first.arrival, STEPS, LOOK);
    const [before, now] = [first, second].map(({ arrival: { previous } }) => {
      const { x, clean, ahead, looked } = previous!;
      const asked = x.map((value, i) => looked!.scale * (value + ahead![i]!));
      return { x, clean: clean!, asked };
    });
    const run = second.run();
    assert.ok(run.previous?.asked);
    const noiseOf = (k: number): Float32Array => stepNoise.subarray(2 * N * (STEPS - 1 - k));
    const mapped = affineStep(run, now!, before, new Float32Array(N), noiseOf, 2);
    const { of } = searchSplit(trajectories);
    const heldOut = mapped.filter((_, i) => of[i >> 1]! < 0);
    assertClose(
      heldOut,
      second.arrival.x.filter((_, i) => of[i >> 1]! < 0),
      1e-4,
      'held out',
    );
  });

  it('are exact from step to step, whether they look ahead or not', async () => {
    const last = Array.from({ length: 12 }, (_, i) => STEPS - 12 + i);
    const before = { step: last[0]!, x: trajectories.states[last[0]!]! };
    let arrival = before;
    for (const step of last) ({ arrival } = await rollout.advance(arrival, step + 1, LOOK));
    assert.ok(deviation(arrival.x, STEPS) < 1e-3);
  });
});
