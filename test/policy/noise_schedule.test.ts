import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { NoiseScheduler } from '../../src/policy/manifest.js';
import { type DenoisingStep, denoisingSteps } from '../../src/policy/noise_schedule.js';

/** One scheduler of the diffusers library at every step, see make_noise_schedules.py. */
interface Recorded {
  readonly version: string;
  readonly scheduler: NoiseScheduler;
  /** [x, m, z]: sample, network's output, noise. */
  readonly probes: readonly (readonly [number, number, number])[];
  readonly timesteps: readonly number[];
  /** (K, probes): the sample after the step. */
  readonly next: readonly (readonly number[])[];
}

const RECORDED = readFileSync('test/policy/noise_schedules.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

const COMMON: NoiseScheduler = RECORDED[0]!.scheduler;

function apply(step: DenoisingStep, [x, m, z]: readonly number[], clip: number | null): number {
  const v = step.p * x! + step.q * m!;
  const clipped = clip === null ? v : Math.max(-clip, Math.min(clip, v));
  return step.c0 * clipped + step.c1 * x! + step.c2 * v + step.sigma * z!;
}

describe('denoisingSteps', () => {
  for (const { version, scheduler, probes, timesteps, next } of RECORDED) {
    const {
      kind,
      steps,
      train_steps: train,
      beta_schedule: betas,
      prediction_type: type,
    } = scheduler;
    const name = `${kind} ${steps} of ${train}, ${betas}, ${type}, ${scheduler.variance}`;
    it(`does what diffusers ${version} does: ${name}`, () => {
      const ours = denoisingSteps(scheduler);
      assert.deepEqual(
        ours.map((step) => step.timestep),
        timesteps,
      );
      for (const [k, step] of ours.entries()) {
        for (const [i, probe] of probes.entries()) {
          const expected = next[k]![i]!;
          const actual = apply(step, probe, scheduler.clip_range);
          // diffusers computes in single precision.
          const tolerance = 5e-6 * Math.max(1, Math.abs(expected));
          assert.ok(
            Math.abs(actual - expected) <= tolerance,
            `step ${k}, probe ${i}: ${actual}, not ${expected}`,
          );
        }
      }
    });
  }

  it('adds no noise at the end, and some before', () => {
    for (const { scheduler } of RECORDED) {
      const sigmas = denoisingSteps(scheduler).map(({ sigma }) => sigma);
      assert.equal(sigmas.at(-1), 0);
      const noisy = sigmas.slice(0, -1).every((sigma) => sigma > 0);
      assert.equal(noisy, scheduler.kind === 'ddpm');
    }
  });

  it('keeps the clean sample: from x = clean + no noise the last step returns what it predicts', () => {
    for (const { scheduler } of RECORDED) {
      if (scheduler.kind === 'ddim' && !scheduler.set_alpha_to_one) continue;
      const { c0, c1, c2 } = denoisingSteps(scheduler).at(-1)!;
      assert.ok(Math.abs(c0 - 1) < 1e-3, `c0 ${c0}`);
      assert.equal(c1, 0);
      assert.ok(Math.abs(c2) < 1e-9);
    }
  });

  it('carries signal as the forward process does: c0 + c1 sqrt(a_t) = sqrt(a_t-1) in every step', () => {
    // A clean sample v that is predicted rightly, x = sqrt(a_t) v: the mean of x' is sqrt(a_t-1) v.
    for (const { scheduler } of RECORDED) {
      if (scheduler.prediction_type !== 'epsilon') continue;
      const steps = denoisingSteps(scheduler);
      const alphaBar = steps.map(({ p }) => 1 / p ** 2);
      for (let k = 0; k + 1 < steps.length; k++) {
        const { c0, c1, c2 } = steps[k]!;
        const mean = c0 + c2 + c1 * Math.sqrt(alphaBar[k]!);
        const expected = Math.sqrt(alphaBar[k + 1]!);
        assert.ok(Math.abs(mean - expected) < 2e-5, `step ${k}: ${mean}, not ${expected}`);
      }
    }
  });

  it('keeps the forward process: variance left plus variance added is 1 - a_t-1', () => {
    // x = sqrt(a_t) v + sqrt(1 - a_t) e with e standard normal and v known.
    const steps = denoisingSteps({ ...COMMON, train_steps: 50, steps: 50 });
    const alphaBar = steps.map(({ p }) => 1 / p ** 2);
    for (let k = 0; k + 1 < steps.length; k++) {
      const { c1, sigma } = steps[k]!;
      const variance = c1 ** 2 * (1 - alphaBar[k]!) + sigma ** 2;
      assert.ok(Math.abs(variance - (1 - alphaBar[k + 1]!)) < 1e-5, `step ${k}: ${variance}`);
    }
  });
});
