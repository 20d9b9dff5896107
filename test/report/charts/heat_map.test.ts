import assert from 'node:assert/strict';
import sharp from 'sharp';
import { heatMap } from '../../../src/report/charts/heat_map.js';

async function pixels(values: readonly (readonly number[])[]): Promise<number[][]> {
  const url = await heatMap(values, { low: 0, high: 1 });
  const [head, data] = url.split(',') as [string, string];
  assert.equal(head, 'data:image/png;base64');
  const { data: raw, info } = await sharp(Buffer.from(data, 'base64'))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [values[0]!.length, values.length]);
  return Array.from({ length: info.width * info.height }, (_, i) => [
    ...raw.subarray(3 * i, 3 * i + 3),
  ]);
}

describe('heatMap', () => {
  it('is one pixel an entry, from dark to bright, values beyond the ends as at the ends', async () => {
    const [low, middle, high, above] = (await pixels([
      [0, 0.5],
      [1, 7],
    ])) as [number[], number[], number[], number[]];
    assert.deepEqual(low, [68, 1, 84]);
    assert.deepEqual(middle, [33, 145, 140]);
    assert.deepEqual(high, [253, 231, 37]);
    assert.deepEqual(above, high);
  });

  it('does without a range', async () => {
    const url = await heatMap([[1]], { low: 1, high: 1 });
    assert.match(url, /^data:image\/png/);
  });
});
