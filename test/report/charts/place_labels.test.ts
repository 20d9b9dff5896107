import assert from 'node:assert/strict';
import fc from 'fast-check';
import { placeLabels } from '../../../src/report/charts/place_labels.js';

const AREA = { left: 0, right: 500, top: 0, bottom: 400 };
const FONT = 12;

interface Place {
  readonly left: number;
  readonly right: number;
  readonly middle: number;
}

const apart = (a: Place, b: Place): boolean =>
  a.right <= b.left || b.right <= a.left || Math.abs(a.middle - b.middle) >= FONT;

describe('placeLabels', () => {
  it('puts a lone name right of its point, or left of it at the right edge', () => {
    const [free] = placeLabels([{ x: 100, y: 100, text: 'bac_s10' }], [], AREA, FONT);
    assert.ok(free!.left > 100 && free!.left < 115 && free!.middle === 100 && !free!.far);
    const [edge] = placeLabels([{ x: 490, y: 100, text: 'bac_s10' }], [], AREA, FONT);
    assert.ok(edge!.right < 490 && !edge!.far);
  });

  it('never lets two names meet, nor a name a point or the edge, however crowded it is', () => {
    const point = fc.record({
      x: fc.integer({ min: 5, max: 495 }),
      y: fc.integer({ min: 5, max: 395 }),
    });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 40 }), (points) => {
        const labels = points.map((p, i) => ({ ...p, text: `method_s${i}` }));
        const placed = placeLabels(labels, points, AREA, FONT);
        for (const [i, a] of placed.entries()) {
          assert.ok(a.left >= 0 && a.right <= 500 && a.middle >= FONT / 2 && a.middle <= 394);
          assert.ok(
            placed.slice(i + 1).every((b) => apart(a, b)),
            JSON.stringify(placed),
          );
          assert.ok(
            points.every(
              (p) => p.x <= a.left || p.x >= a.right || Math.abs(p.y - a.middle) > FONT / 2,
            ),
          );
        }
      }),
    );
  });

  it('names every point of a report with a usual number of plans', () => {
    const points = Array.from({ length: 20 }, (_, i) => ({ x: 40 + 20 * i, y: 350 - 15 * i }));
    const labels = points.map((p, i) => ({ ...p, text: `search_s${i}_affine` }));
    assert.equal(placeLabels(labels, points, AREA, FONT).length, 20);
  });
});
