import assert from 'node:assert/strict';
import { asComputed } from '../../src/caching/computed_updates.js';
import { makePlan } from '../../src/caching/make_plan.js';
import { updateShare, type Plan } from '../../src/caching/plan.js';
import { floatTensor } from '../../src/policy/safetensors.js';

describe('asComputed', () => {
  const target = { policySha256: '0'.repeat(64), layers: 1, steps: 10, solver: 'ddpm' } as const;
  const schedules = [0, 1, 2].map(() => [0, 4, 9]);
  const plain = makePlan(target, { name: 'search' }, schedules);
  const affine: Plan = { ...plain, correction: { kind: 'affine' } };
  const constants = (values: Readonly<Record<string, number>>) =>
    new Map(
      Object.entries(values).map(([name, value]) => [
        name,
        floatTensor([1, 1], Float32Array.of(value)),
      ]),
    );
  const updates = ({ blocks }: Plan): readonly number[] => blocks[0]!.updates;

  it('leaves out the evaluation of pure noise that no run looks at', () => {
    const known = constants({ 'affine.0.clean': 0, 'affine.4.clean': 1, 'affine.9.clean': 1 });
    const computed = asComputed(affine, known);
    assert.deepEqual(updates(computed), [4, 9]);
    assert.equal(updateShare(computed), 0.2);
  });

  it('keeps what the run, or the one after it, looks at', () => {
    const later = { 'affine.4.clean': 1, 'affine.9.clean': 1 };
    const [own, back] = [
      constants({ ...later, 'affine.0.clean': 0.5 }),
      constants({ ...later, 'affine.0.clean': 0, 'affine.4.previous_clean': 1 }),
    ];
    assert.deepEqual(updates(asComputed(affine, own)), [0, 4, 9]);
    assert.deepEqual(updates(asComputed(affine, back)), [0, 4, 9]);
  });

  it('leaves plans without affine runs as they are', () => {
    assert.equal(asComputed(plain, new Map()), plain);
  });
});
