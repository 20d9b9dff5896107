import assert from 'node:assert/strict';
import { driftConstants, readDriftReference } from '../../src/control/drift_constants.js';
import { driftDistance, type DriftReference } from '../../src/control/drift_distance.js';
import { DriftMonitor } from '../../src/control/drift_monitor.js';
import { driftReference } from '../../src/control/drift_reference.js';
import { whiten, whitening } from '../../src/control/whitening.js';
import { BadInput } from '../../src/errors.js';
import { floatTensor } from '../../src/policy/safetensors.js';
import { conditionAt, type Episodes, episodesOf, WIDTH } from '../support/drifting_episodes.js';
import { normals } from '../support/seeded_random.js';

/** Share of conditions beyond what is usual. */
function shareBeyond(reference: DriftReference, episodes: Episodes): number {
  const beyond = episodes.episodes.filter(
    (_, i) => driftDistance(reference, conditionAt(episodes, i)).distance > 1,
  );
  return beyond.length / episodes.episodes.length;
}

describe('whitening', () => {
  it('gives every direction that varies about the same variance', () => {
    const base = normals(1, 2000);
    const samples = base.map((value, i) =>
      i % 2 === 0 ? 100 * value : base[i - 1]! + 0.1 * value,
    );
    const map = whitening(samples, 2, 1e-9);
    const out = Array.from({ length: 1000 }, (_, i) =>
      whiten(map, samples.subarray(2 * i, 2 * i + 2), 2),
    );
    const mean = [0, 1].map((j) => out.reduce((sum, row) => sum + row[j]!, 0) / 1000);
    for (const j of [0, 1]) {
      const variance = out.reduce((sum, row) => sum + (row[j]! - mean[j]!) ** 2, 0) / 1000;
      assert.ok(Math.abs(variance - 1) < 0.01, `variance ${variance}`);
    }
    const product = out.reduce((sum, row) => sum + (row[0]! - mean[0]!) * (row[1]! - mean[1]!), 0);
    assert.ok(Math.abs(product / 1000) < 0.01);
  });

  it('stays finite where nothing varies and where samples are few', () => {
    assert.ok(whitening(new Float32Array(12).fill(3), 4, 0.3).every(Number.isFinite));
    assert.ok(whitening(normals(1, 40), 20, 0.3).every(Number.isFinite));
  });
});

describe('the drift monitor', () => {
  let reference: DriftReference;
  before(() => {
    const { conditions, episodes } = episodesOf(1, 80);
    reference = driftReference(conditions, episodes);
  });

  it('takes new episodes of the same kind for usual', () => {
    assert.ok(shareBeyond(reference, episodesOf(2, 100)) < 0.05);
  });

  it('sees another place of the object, a joint that reads otherwise, a value that never changed', () => {
    for (const [shift, least, at] of [
      [[0, 0, 0, 2.5, 0], 0.95, [3, 8]],
      [[0.5, 0, 0, 0, 0], 0.5, undefined],
      [[0, 0, 0.2, 0, 0], 1, [2, 7]],
    ] as const) {
      const shifted = episodesOf(3, 50, shift);
      const share = shareBeyond(reference, shifted);
      assert.ok(share >= least, `${shift.join()}: ${share}`);
      if (!at) continue;
      const { outOfRange } = driftDistance(reference, conditionAt(shifted, 10));
      assert.ok(
        at.some((value) => value === outOfRange),
        `${shift.join()}: ${outOfRange}`,
      );
    }
  });

  it('sees values in their ranges that do not belong together', () => {
    const [one, other] = [episodesOf(4, 40), episodesOf(5, 40)];
    // The robot of one episode with the object of another.
    const mixed = one.conditions.map((value, i) => (i % 5 < 3 ? value : other.conditions[i]!));
    assert.ok(shareBeyond(reference, { ...one, conditions: mixed }) > 0.25);
  });

  it('is not blinded by one episode that went wrong', () => {
    const { conditions, episodes } = episodesOf(1, 80);
    const odd = conditions.map((value, i) => (episodes[Math.floor(i / WIDTH)] === 7 ? 40 : value));
    const shifted = episodesOf(3, 50, [0.8, 0, 0, 0, 0]);
    assert.ok(shareBeyond(driftReference(odd, episodes), shifted) > 0.3);
  });

  it('warns, says drift, and is well again when all of the last chunks are', () => {
    const monitor = new DriftMonitor(reference);
    assert.equal(monitor.report().distance, null);
    const [usual, drifted] = [episodesOf(2, 1), episodesOf(2, 1, [0, 0, 3, 0, 0])];
    const observe = (episodes: Episodes, times: number): string[] =>
      Array.from({ length: times }, () => monitor.observe(conditionAt(episodes, 5)));
    assert.deepEqual(observe(usual, 10), Array(10).fill('ok'));
    assert.deepEqual(observe(drifted, 5), ['ok', 'warn', 'warn', 'drift', 'drift']);
    assert.deepEqual(observe(usual, 8), [...Array<string>(7).fill('drift'), 'ok']);
    const { distance, ...report } = monitor.report();
    assert.deepEqual(report, { level: 'ok', chunks: 23, beyond: 5, outOfRange: 2, drifts: 1 });
    assert.ok(distance!.p50 < 1 && distance!.max > 1 && distance!.last < 1);
  });

  it('takes what is not a number for drift', () => {
    const monitor = new DriftMonitor(reference);
    for (let i = 0; i < 4; i++) monitor.observe(new Float32Array(WIDTH).fill(NaN));
    assert.equal(monitor.level, 'drift');
    assert.equal(monitor.report().beyond, 4);
  });

  it('does without several episodes, and without any change', () => {
    const { conditions } = episodesOf(1, 5);
    const single = driftReference(conditions, Array<number>(100).fill(0));
    assert.ok(shareBeyond(single, episodesOf(3, 5, [0, 0, 3, 0, 0])) === 1);
    const still = driftReference(new Float32Array(30), [0, 1, 2]);
    assert.equal(driftDistance(still, new Float32Array(10)).distance, 0);
    assert.ok(driftDistance(still, new Float32Array(10).fill(1)).distance > 1);
    assert.throws(() => driftReference(new Float32Array(10), [0]), RangeError);
  });

  it('takes well below a millisecond for a condition of two pictures', () => {
    const width = 272;
    const few = driftReference(normals(1, 20 * width), [...Array(20).keys()]);
    const wide = { ...few, points: normals(3, 512 * width) };
    const begin = performance.now();
    for (let i = 0; i < 50; i++) driftDistance(wide, normals(2, width));
    assert.ok((performance.now() - begin) / 50 < 5);
  });
});

describe('a drift reference in the constants of a plan', () => {
  const { conditions, episodes } = episodesOf(1, 10);
  const constants = driftConstants(driftReference(conditions, episodes));

  it('is read as it was written', () => {
    const read = readDriftReference(constants, WIDTH, 'plan')!;
    assert.deepEqual(read, driftReference(conditions, episodes));
  });

  it('is missing where the plan has none', () => {
    const other = new Map([['affine.0.state', floatTensor([1], new Float32Array(1))]]);
    assert.equal(readDriftReference(other, WIDTH, 'plan'), undefined);
  });

  it('is refused where it is damaged, and the tensor is named', () => {
    const damages = [
      ['points', undefined, /'drift.points' is missing/],
      ['low', floatTensor([3], new Float32Array(3)), /'drift.low' is \(3\).* needs \(10\)/],
      ['points', floatTensor([0, WIDTH], new Float32Array(0)), /'drift.points' is \(0, 10\)/],
      ['high', floatTensor([WIDTH], new Float32Array(WIDTH).fill(NaN)), /'drift.high'.*finite/],
      ['thresholds', floatTensor([3], new Float32Array(3)), /'drift.thresholds'.*above 0/],
      ['span', floatTensor([WIDTH], new Float32Array(WIDTH)), /'drift.span'.*above 0/],
    ] as const;
    for (const [name, tensor, why] of damages) {
      const damaged = new Map(constants);
      if (tensor) damaged.set(`drift.${name}`, tensor);
      else damaged.delete(`drift.${name}`);
      assert.throws(
        () => readDriftReference(damaged, WIDTH, 'plan.safetensors'),
        (error) => error instanceof BadInput && why.test(error.message),
      );
    }
    assert.throws(() => readDriftReference(constants, WIDTH + 1, 'plan'), BadInput);
  });
});
