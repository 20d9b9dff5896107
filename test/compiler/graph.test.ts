import assert from 'node:assert/strict';
import * as ort from 'onnxruntime-node';
import { GraphBuilder, type OnnxGraph, type Value } from '../../src/compiler/graph.js';
import { modelProto } from '../../src/compiler/onnx_format.js';
import { assertValidOnnx, requireOnnx } from './onnx_checker.js';

interface Io {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: { dimValue: string }[] } } };
}
interface Model {
  irVersion: string;
  opsetImport: { domain: string; version: string }[];
  metadataProps: { key: string; value: string }[];
  graph: {
    input: Io[];
    output: Io[];
    initializer: { name: string; dims: string[]; dataType: number; rawData: Uint8Array }[];
    node: { opType: string; domain: string; input: string[]; output: string[] }[];
  };
}

/** The file as a reader of the ONNX format sees it. */
function decode({ bytes }: OnnxGraph): Model {
  const message = modelProto.decode(bytes);
  return modelProto.toObject(message, { longs: String, defaults: true, arrays: true }) as Model;
}

const operators = (graph: OnnxGraph): string[] =>
  decode(graph).graph.node.map((node) => node.opType);

const ascending = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => i);

/** Runs `make` on an input x of these values; returns what comes out, and the shape. */
async function run(
  shape: readonly number[],
  values: readonly number[],
  make: (g: GraphBuilder, x: Value) => Value,
): Promise<{ values: number[]; shape: readonly number[] }> {
  const g = new GraphBuilder();
  const made = make(g, g.input('x', shape));
  const session = await ort.InferenceSession.create(g.finish({ y: made }).bytes);
  const { y } = await session.run({ x: new ort.Tensor('float32', values, shape) });
  assert.deepEqual(y!.dims, made.shape, 'the graph has the shape that the builder says');
  const result = { values: [...(y!.data as Float32Array)], shape: y!.dims };
  await session.release();
  return result;
}

describe('GraphBuilder', () => {
  it('writes inputs, outputs, versions and metadata', () => {
    const g = new GraphBuilder({ plan: 'abc' });
    const image = g.input('image', [1, 4, 2, 3], 'uint8');
    g.input('unused', [7]);
    const model = decode(g.finish({ pixels: g.toFloat(image), first: g.slice(image, 0, 1, 1) }));
    const described = (io: Io): unknown[] => [
      io.name,
      io.type.tensorType.elemType,
      io.type.tensorType.shape.dim.map((dim) => Number(dim.dimValue)),
    ];
    assert.deepEqual(model.graph.input.map(described), [
      ['image', 2, [1, 4, 2, 3]],
      ['unused', 1, [7]],
    ]);
    assert.deepEqual(model.graph.output.map(described), [
      ['pixels', 1, [1, 4, 2, 3]],
      ['first', 2, [1, 1, 2, 3]],
    ]);
    assert.deepEqual(model.metadataProps, [{ key: 'plan', value: 'abc' }]);
    assert.equal(model.irVersion, '8');
    assert.deepEqual(model.opsetImport, [
      { domain: '', version: '17' },
      { domain: 'com.microsoft', version: '1' },
    ]);
  });

  it('drops what no output needs, and does not count it', () => {
    const g = new GraphBuilder();
    const x = g.input('x', [2, 3]);
    const used = g.gemm(
      x,
      g.constant('used', [3, 4], () => ascending(12)),
    );
    g.gemm(
      used,
      g.constant('unused', [4, 5], () => ascending(20)),
    );
    const graph = g.finish({ y: used });
    assert.deepEqual(operators(graph), ['Gemm', 'Identity']);
    assert.equal(graph.nodes, 2);
    assert.equal(graph.multiplyAdds, 2 * 3 * 4);
    assert.deepEqual(
      decode(graph).graph.initializer.map((constant) => constant.name),
      ['used'],
    );
  });

  it('keeps a split of which one piece is needed', () => {
    const g = new GraphBuilder();
    const [, second] = g.split(g.input('x', [4, 2]), [1, 3], 0);
    assert.deepEqual(operators(g.finish({ y: second! })), ['Split', 'Identity']);
  });

  it('shares constants by name and evaluates them once', () => {
    const g = new GraphBuilder();
    let evaluations = 0;
    const constant = (): Value =>
      g.constant('c', [2], () => {
        evaluations++;
        return Float32Array.of(1.5, -2);
      });
    const x = g.input('x', [2]);
    const graph = g.finish({ y: g.add(g.binary('Mul', x, constant()), constant()) });
    assert.equal(evaluations, 1);
    const { initializer } = decode(graph).graph;
    assert.equal(initializer.length, 1);
    const raw = Buffer.from(initializer[0]!.rawData);
    assert.deepEqual([raw.length, raw.readFloatLE(0), raw.readFloatLE(4)], [8, 1.5, -2]);
  });

  it('shares integers by content, and scalars by value', () => {
    const g = new GraphBuilder();
    assert.equal(g.integers([2, -1]), g.integers([2, -1]));
    assert.notEqual(g.integers([2, -1]), g.integers([21]));
    assert.equal(g.scalar(0.1), g.scalar(Math.fround(0.1)));
    assert.notEqual(g.scalar(0.1), g.scalar(0.2));
  });

  it('refuses constants that are wrong', () => {
    const g = new GraphBuilder();
    assert.throws(
      () => g.constant('c', [2], () => Float32Array.of(1, NaN)),
      /constant c holds NaN/,
    );
    assert.throws(() => g.constant('c', [3], () => new Float32Array(2)), /\[3\] does not hold 2/);
    g.constant('mask', [2], () => Float32Array.of(0, -Infinity));
    assert.throws(
      () => g.constant('mask', [1, 2], () => new Float32Array(2)),
      /mask is float32 \[2\]/,
    );
  });

  it('leaves an optional input out as an empty name', () => {
    const g = new GraphBuilder();
    const x = g.input('x', [2]);
    const graph = g.finish({ y: g.node('Clip', [x, undefined, g.scalar(1)], [2]) });
    assert.deepEqual(decode(graph).graph.node[0]!.input, ['x', '', 'scalar_1']);
  });

  it('refuses values of another graph and names given twice', () => {
    const g = new GraphBuilder();
    const x = g.input('x', [2]);
    const foreign = new GraphBuilder().input('foreign', [2]);
    assert.throws(() => g.add(x, foreign), /'foreign' is not in this graph/);
    assert.throws(() => g.input('x', [2]), /'x' is in this graph already/);
    assert.throws(() => g.finish({ x }), /'x' is in this graph already/);
  });

  it('adds no node for an operation that changes nothing', () => {
    const g = new GraphBuilder();
    const x = g.input('x', [2, 3]);
    assert.equal(g.reshape(x, [2, 3]), x);
    assert.equal(g.slice(x, 0, 3, -1), x);
    assert.deepEqual(g.split(x, [3], 1), [x]);
    assert.equal(g.concat([x], 0), x);
    assert.equal(g.sum([x]), x);
  });

  it("makes a file that ONNX's checker accepts", function () {
    requireOnnx(this);
    const g = new GraphBuilder({ key: 'value' });
    const x = g.input('x', [2, 4]);
    const normed = g.layerNorm(
      x,
      g.constant('one', [4], () => ascending(4)),
      undefined,
      1e-5,
    );
    const [a, b] = g.split(g.transpose(normed, [1, 0]), [1, 3], 0) as [Value, Value];
    const product = g.gemm(g.concat([b, a], 0), x, g.scalar(2), { alpha: 0.5, beta: 2 });
    const limited = g.clip(g.softmax(g.rowNorms(product), 0), -1, 1);
    assertValidOnnx(g.finish({ y: limited, z: g.gelu(g.unary('Erf', product)) }).bytes);
  });
});

describe('GraphBuilder refuses shapes that do not fit', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [2, 3]);
  const y = g.input('y', [4, 5]);
  const cube = g.input('cube', [2, 2, 3]);
  const cases: Record<string, [() => unknown, RegExp]> = {
    'Gemm, inner': [() => g.gemm(x, y), /Gemm: 'x' \[2,3\] and 'y' \[4,5\]/],
    'Gemm, transposed': [() => g.gemm(x, y, undefined, { transB: true }), /Gemm: 'x'/],
    'Gemm, added': [
      () => g.gemm(x, x, g.input('c', [3, 2]), { transB: true }),
      /Gemm: 'x' \[2,3\] and 'c' \[3,2\]/,
    ],
    'Gemm, rank': [() => g.gemm(cube, x), /'cube' is not a matrix/],
    'MatMul, inner': [() => g.matmul(cube, x), /MatMul: 'cube' \[2,2,3\] and 'x' \[2,3\]/],
    'MatMul, batch': [
      () => g.matmul(cube, g.input('batch', [3, 3, 3])),
      /MatMul: 'cube' \[2,2,3\] and 'batch'/,
    ],
    Mul: [() => g.binary('Mul', x, y), /Mul: 'x' \[2,3\] and 'y' \[4,5\]/],
    'Sum, which does not broadcast': [
      () => g.sum([x, x, g.input('row', [1, 3])]),
      /Sum: 'x'.*'row'/,
    ],
    'Sum of nothing': [() => g.sum([]), /Sum of nothing/],
    LayerNormalization: [() => g.layerNorm(x, y, undefined, 1e-5), /LayerNormalization: 'x'/],
    Reshape: [() => g.reshape(x, [4]), /Reshape: \[2,3\] to \[4\]/],
    Transpose: [() => g.transpose(x, [0, 0]), /Transpose: 0,0 of \[2,3\]/],
    Concat: [() => g.concat([x, y], 0), /Concat: 'x' \[2,3\] and 'y' \[4,5\]/],
    Split: [() => g.split(x, [1, 2], 0), /Split: \[2,3\] into 1,2 on axis 0/],
    Slice: [() => g.slice(x, 1, 3, 0), /Slice: 1 to 3 of \[2,3\] on axis 0/],
    'Slice of nothing': [() => g.slice(x, 1, 1, 0), /Slice: 1 to 1/],
  };
  for (const [name, [make, message]] of Object.entries(cases)) {
    it(name, () => assert.throws(make, (e) => e instanceof RangeError && message.test(e.message)));
  }
});

describe('what GraphBuilder builds computes what it says', () => {
  const matrix = [1, 2, 3, 4, 5, 6];

  it('Gemm: alpha, beta, transposed, broadcast', async () => {
    const result = await run([2, 3], matrix, (g, x) =>
      g.gemm(
        x,
        g.constant('w', [1, 3], () => Float32Array.of(1, 0, -1)),
        g.constant('c', [1], () => Float32Array.of(10)),
        { alpha: 0.5, beta: 2, transB: true },
      ),
    );
    assert.deepEqual(result, { values: [19, 19], shape: [2, 1] });
  });

  it('MatMul: batches broadcast', async () => {
    const result = await run([2, 1, 3], matrix, (g, x) =>
      g.matmul(
        x,
        g.constant('w', [3, 1], () => Float32Array.of(1, 10, 100)),
      ),
    );
    assert.deepEqual(result, { values: [321, 654], shape: [2, 1, 1] });
  });

  it('Sum, Sub and Div', async () => {
    const result = await run([2], [3, 8], (g, x) =>
      g.sum([g.binary('Sub', x, g.scalar(1)), g.binary('Div', x, g.scalar(2)), x]),
    );
    assert.deepEqual(result.values, [6.5, 19]);
  });

  it('Split, Concat, Transpose, Slice and Gather', async () => {
    const turned = await run([2, 3], matrix, (g, x) => {
      const [first, rest] = g.split(x, [1, 2], -1) as [Value, Value];
      return g.transpose(g.concat([rest, first], 1), [1, 0]);
    });
    assert.deepEqual(turned, { values: [2, 5, 3, 6, 1, 4], shape: [3, 2] });
    const middle = await run([2, 3], matrix, (g, x) => g.slice(x, 1, 3, -1));
    assert.deepEqual(middle, { values: [2, 3, 5, 6], shape: [2, 2] });
    const g = new GraphBuilder();
    const row = g.gather(g.input('table', [2, 3]), g.input('index', [], 'int64'));
    const session = await ort.InferenceSession.create(g.finish({ y: row }).bytes);
    const { y } = await session.run({
      table: new ort.Tensor('float32', matrix, [2, 3]),
      index: new ort.Tensor('int64', BigInt64Array.of(1n), []),
    });
    assert.deepEqual([...(y!.data as Float32Array)], [4, 5, 6]);
  });

  it('LayerNormalization with and without shift', async () => {
    const make =
      (shift: boolean) =>
      (g: GraphBuilder, x: Value): Value =>
        g.layerNorm(
          x,
          g.constant('scale', [2], () => Float32Array.of(1, 2)),
          shift ? g.constant('shift', [2], () => Float32Array.of(5, 6)) : undefined,
          0,
        );
    assert.deepEqual((await run([1, 2], [1, 3], make(false))).values, [-1, 2]);
    assert.deepEqual((await run([1, 2], [1, 3], make(true))).values, [4, 8]);
  });

  it('Clip, row norms, softmax and GELU', async () => {
    assert.deepEqual(
      (await run([3], [-4, 0.5, 4], (g, x) => g.clip(x, -1, 2))).values,
      [-1, 0.5, 2],
    );
    assert.deepEqual(await run([2, 2], [3, 4, 6, 8], (g, x) => g.rowNorms(x)), {
      values: [5, 10],
      shape: [2, 1],
    });
    const { values } = await run([2, 1], [0, Math.log(3)], (g, x) => g.softmax(x, 0));
    assert.ok(Math.abs(values[0]! - 0.25) < 1e-6 && Math.abs(values[1]! - 0.75) < 1e-6);
    const gelu = await run([2], [0, 1], (g, x) => g.gelu(x));
    assert.ok(gelu.values[0] === 0 && Math.abs(gelu.values[1]! - 0.8413447) < 1e-6);
  });
});
