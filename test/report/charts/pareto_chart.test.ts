import assert from 'node:assert/strict';
import { methodLooks } from '../../../src/report/charts/method_look.js';
import { paretoChart, type ParetoPoint } from '../../../src/report/charts/pareto_chart.js';

describe('paretoChart', () => {
  const point = (method: string, x: number, y: number): ParetoPoint => ({
    ...{ method, x, y },
    title: `${method} ${x}`,
  });
  const picture = (points: readonly ParetoPoint[]): string =>
    paretoChart({
      points,
      looks: methodLooks(points.map(({ method }) => method)),
      xName: 'cost',
      yName: 'error',
      xLabel: String,
      dense: 1,
      spread: { value: 30, low: 25, high: 35 },
      curves: ['search', 'bac'],
    });
  /** The ends of every curve's pieces: how many points it joins. */
  const joined = (svg: string): number[] =>
    [...svg.matchAll(/class="curve"\s+d="M([^"]*)"/g)].map(([, path]) => path!.split('L').length);

  it('joins the plans of a method, of the search those that no other searched plan beats', () => {
    const searched = [0.02, 0.05, 0.1].map((x) => point('search', x, 1 / x));
    const bac = [point('bac', 0.1, 20), point('bac', 0.2, 25), point('bac', 0.4, 4)];
    assert.deepEqual(joined(picture([...searched, ...bac])), [3, 3]);
    const worse = point('search', 0.07, 40);
    const svg = picture([...searched, worse, ...bac]);
    assert.deepEqual(joined(svg), [3, 3], 'a worse plan is a point beside the curve');
    assert.equal(svg.match(/class="point"/g)?.length, 7);
  });

  it('joins nothing where a method has one plan', () => {
    assert.deepEqual(joined(picture([point('search', 0.1, 9), point('bac', 0.2, 9)])), []);
  });
});
