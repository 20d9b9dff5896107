import assert from 'node:assert/strict';
import * as ort from 'onnxruntime-node';
import { GraphBuilder, type Value } from '../../src/compiler/graph.js';
import { convolution, maxPool } from '../../src/compiler/image_encoder/convolution.js';

const ones = (g: GraphBuilder, name: string, shape: readonly number[]): Value =>
  g.constant(name, shape, () => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1));

/** Runs on (1, channels, 3, 3) with values 1 to 9 in every channel. */
async function run(
  channels: number,
  make: (g: GraphBuilder, x: Value) => Value,
): Promise<{ values: number[]; shape: readonly number[]; multiplyAdds: number }> {
  const g = new GraphBuilder();
  const shape = [1, channels, 3, 3];
  const made = make(g, g.input('x', shape));
  const graph = g.finish({ y: made });
  const session = await ort.InferenceSession.create(graph.bytes);
  const data = Float32Array.from({ length: 9 * channels }, (_, i) => 1 + (i % 9));
  const { y } = await session.run({ x: new ort.Tensor('float32', data, shape) });
  assert.deepEqual(y!.dims, made.shape, 'the graph has the shape that the builder says');
  const values = [...(y!.data as Float32Array)];
  await session.release();
  return { values, shape: made.shape, multiplyAdds: graph.multiplyAdds };
}

describe('convolution', () => {
  it('pads with zeros, strides and adds the bias', async () => {
    const result = await run(1, (g, x) =>
      convolution(g, x, ones(g, 'w', [2, 1, 3, 3]), ones(g, 'b', [2]), { stride: 2, padding: 1 }),
    );
    const sums = [1 + 2 + 4 + 5, 2 + 3 + 5 + 6, 4 + 5 + 7 + 8, 5 + 6 + 8 + 9].map((v) => v + 1);
    assert.deepEqual(result, {
      values: [...sums, ...sums],
      shape: [1, 2, 2, 2],
      multiplyAdds: 2 * 4 * 9,
    });
  });

  it('keeps groups apart', async () => {
    const result = await run(2, (g, x) =>
      convolution(
        g,
        x,
        g.constant('w', [2, 1, 1, 1], () => Float32Array.of(1, 10)),
        undefined,
        { stride: 2, padding: 0, groups: 2 },
      ),
    );
    assert.deepEqual(result.values, [1, 3, 7, 9, 10, 30, 70, 90]);
    assert.equal(result.multiplyAdds, 8);
  });

  it('refuses weights and biases that do not fit', () => {
    const g = new GraphBuilder();
    const x = g.input('x', [1, 2, 3, 3]);
    const window = { stride: 1, padding: 0 };
    assert.throws(
      () => convolution(g, x, ones(g, 'w', [4, 3, 1, 1]), undefined, window),
      /'w' \[4,3,1,1\] does not fit \[1,2,3,3\]/,
    );
    assert.throws(
      () => convolution(g, x, ones(g, 'v', [4, 2, 1, 1]), ones(g, 'b', [3]), window),
      /bias 'b' is \[3\], not \[4\]/,
    );
    assert.throws(
      () => convolution(g, x, ones(g, 'big', [4, 2, 5, 5]), undefined, window),
      /a kernel of 5 does not fit into 3/,
    );
  });
});

describe('maxPool', () => {
  it('takes the largest value under each window', async () => {
    const result = await run(1, (g, x) => maxPool(g, x, { size: 3, stride: 2, padding: 1 }));
    assert.deepEqual(result, { values: [5, 6, 8, 9], shape: [1, 1, 2, 2], multiplyAdds: 0 });
  });
});
