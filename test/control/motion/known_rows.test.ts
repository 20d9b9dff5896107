import assert from 'node:assert/strict';
import { KnownRows } from '../../../src/control/motion/known_rows.js';
import { softMask } from '../../../src/policy/inpainting.js';
import type { Architecture } from '../../../src/policy/manifest.js';

const PERIOD = 50_000_000n;
/** Of six rows the second to the fifth are executed. */
const SHAPE = {
  horizon: 6,
  action_dim: 2,
  first_action_step: 1,
  n_action_steps: 4,
} as unknown as Architecture;
const SAMPLE = Float32Array.from({ length: 12 }, (_, i) => i);

const after = (
  ticks: number,
  delay: number,
): { tickNs: bigint; periodNs: bigint; delayNs: bigint } => ({
  tickNs: 1000n * PERIOD + BigInt(ticks) * PERIOD,
  periodNs: PERIOD,
  delayNs: BigInt(Math.round(delay * 1000)) * (PERIOD / 1000n),
});

describe('KnownRows', () => {
  const known = new KnownRows();
  beforeEach(() => known.execute({ sample: SAMPLE, tickNs: 1000n * PERIOD }));

  it('knows of a later chunk what the one before says of the same time', () => {
    const { known: rows, weight } = known.of(SHAPE, after(2, 1.5))!;
    assert.deepEqual([...rows], [4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0]);
    // One row that is past, and one that is executed before the new chunk can be.
    const mask = softMask(6, 2, 4);
    assert.deepEqual(mask.slice(0, 2), [1, 1]);
    assert.deepEqual(
      [...weight],
      [...Float32Array.from(mask.flatMap((of) => [of, of]))],
      'every joint alike',
    );
  });

  it('fixes more where chunks take longer', () => {
    const fixed = (delay: number): number =>
      known.of(SHAPE, after(1, delay))!.weight.filter((weight) => weight === 1).length / 2;
    assert.deepEqual([0.1, 0.7, 0.8, 2.7].map(fixed), [1, 1, 2, 3]);
  });

  it('knows nothing where the robot stands before the next chunk is there', () => {
    assert.ok(known.of(SHAPE, after(3, 1.5)));
    assert.equal(known.of(SHAPE, after(4, 1.5)), undefined);
    assert.equal(known.of(SHAPE, after(1, 4.5)), undefined);
  });

  it('knows nothing once all of it is past, after a hold, or of a time before', () => {
    assert.equal(known.of(SHAPE, after(6, 1)), undefined);
    assert.equal(known.of(SHAPE, after(-1, 1)), undefined);
    known.forget();
    assert.equal(known.of(SHAPE, after(1, 1)), undefined);
  });
});
