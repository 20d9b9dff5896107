import assert from 'node:assert/strict';
import type { ErrorStatistics } from '../../../src/caching/error_statistics.js';
import { searchCurve } from '../../../src/report/facts/search_curve.js';

/** A row with an error, and a distance of distributions, whose intervals are a tenth to either side. */
function row(method: string, cost: number, error: number, distance = error / 10, other = false) {
  const interval = (value: number): { value: number; low: number; high: number } => ({
    value,
    low: 0.9 * value,
    high: 1.1 * value,
  });
  return {
    name: `${method}_${cost}`,
    method,
    cost,
    error: { rms: interval(error) } as ErrorStatistics,
    distribution_distance: interval(distance),
    other_solver: other,
  };
}

describe('searchCurve', () => {
  const searched = [row('search', 0.1, 10), row('search', 0.02, 30), row('search', 0.05, 15)];

  it('says that nothing beats the curve where nothing does', () => {
    const found = searchCurve([...searched, row('bac', 0.05, 15.1), row('bac', 0.03, 40)])!;
    assert.deepEqual(found.plans, ['search_0.02', 'search_0.05', 'search_0.1']);
    assert.deepEqual([found.from, found.to, found.compared], [0.02, 0.5, 2]);
    assert.deepEqual(found.dominated_by, []);
  });

  it('names what lies below it, between plans on straight lines of logarithms', () => {
    // Halfway between 0.05 and 0.1 on a logarithmic axis the curve is halfway between 15 and 10.
    const middle = Math.sqrt(0.05 * 0.1);
    const found = searchCurve([...searched, row('bac', middle, 12.2), row('acs', middle, 11)])!;
    const [bac, acs] = found.dominated_by;
    assert.ok(Math.abs(bac!.curve - Math.sqrt(150)) < 1e-9, `${bac!.curve}`);
    assert.deepEqual([bac!.name, bac!.by, bac!.clearly], [`bac_${middle}`, 'error', false]);
    assert.deepEqual([acs!.value, acs!.clearly], [11, true]);
  });

  it('never rises: a costlier plan that is worse does not count', () => {
    const found = searchCurve([...searched, row('search', 0.2, 20), row('bac', 0.2, 11)])!;
    assert.deepEqual(found.dominated_by, []);
  });

  it('lists what costs less than any searched plan, holds what costs more against the costliest', () => {
    const found = searchCurve([
      row('search', 0.03, 20),
      row('bac', 0.3, 1),
      row('ddim', 0.02, 1, 1, true),
      row('uniform', 0.9, 0.1),
      row('no-network', 0.0001, 60),
    ])!;
    assert.deepEqual(found.not_compared, ['ddim_0.02']);
    assert.deepEqual(
      found.dominated_by.map(({ name, curve }) => [name, curve]),
      [['bac_0.3', 20]],
    );
  });

  it('compares other solvers by the distance of distributions, too', () => {
    const found = searchCurve([...searched, row('ddim', 0.05, 40, 1.2, true)])!;
    assert.deepEqual(
      found.dominated_by.map(({ name, by, curve, clearly }) => [name, by, curve, clearly]),
      [['ddim_0.05', 'distance', 1.5, true]],
    );
    const worse = searchCurve([...searched, row('ddim', 0.05, 14, 1.6, true)])!;
    assert.deepEqual(
      worse.dominated_by.map(({ by }) => by),
      ['error'],
    );
  });

  it('takes nothing for nearer than a searched plan whose distance may be 0', () => {
    const exact = row('search', 0.2, 1);
    const [low, high] = [-1e-6, 3e-6];
    const found = { ...exact, distribution_distance: { value: 1e-6, low, high } };
    const ddim = row('ddim', 0.2, 40, -0.5, true);
    assert.deepEqual(searchCurve([...searched, found, ddim])!.dominated_by, []);
    assert.equal(searchCurve([...searched, exact, ddim])!.dominated_by.length, 1);
  });

  it('is null without a searched plan in the range', () => {
    assert.equal(searchCurve([row('bac', 0.1, 1), row('search', 0.9, 1)]), null);
  });
});
