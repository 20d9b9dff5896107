import { elementCount } from '../policy/safetensors.js';
import { broadcastShape } from './broadcast_shape.js';
import type { Attributes, ElementType, Value } from './graph_value.js';
import {
  CONTRIB,
  elementTypeCode,
  encodeModel,
  type ModelConstant,
  type ModelNode,
} from './onnx_model.js';

export type { Attributes, ElementType, Value } from './graph_value.js';

interface Node extends ModelNode {
  readonly multiplyAdds: number;
}

/** A finished graph: the file and what running it once costs. */
export interface OnnxGraph {
  readonly bytes: Uint8Array;
  readonly nodes: number;
  /** Multiply-adds of all matrix products and convolutions. */
  readonly multiplyAdds: number;
}

/**
 * Builds an ONNX graph with static shapes. Nodes can only refer to values that exist, every operator
 * checks the shapes it is given, and `finish` drops what no output needs: so a graph that was built is
 * closed, sorted and consistent.
 */
export class GraphBuilder {
  readonly #inputs: Value[] = [];
  readonly #constants = new Map<string, ModelConstant>();
  readonly #nodes: Node[] = [];
  readonly #names = new Set<string>();
  readonly #metadata: Record<string, string>;
  /** Small integer constants (shapes, split sizes) by content: every reshape would repeat them. */
  readonly #integers = new Map<string, Value>();

  /** @param metadata key-value pairs kept in the file */
  constructor(metadata: Record<string, string> = {}) {
    this.#metadata = metadata;
  }

  /** Declares an input of the graph. */
  input(name: string, shape: readonly number[], type: ElementType = 'float32'): Value {
    const value = this.#declare(name, shape, type);
    this.#inputs.push(value);
    return value;
  }

  /**
   * A constant of 32-bit floats. A name stands for one constant: asked for again, it is shared, and
   * `data` is not evaluated.
   * @throws RangeError when the data does not fill the shape or holds NaN, or the name has another shape
   */
  constant(name: string, shape: readonly number[], data: () => Float32Array): Value {
    return this.#constant(name, shape, 'float32', data);
  }

  /** The same of signed 8-bit integers. */
  bytes(name: string, shape: readonly number[], data: () => Int8Array): Value {
    return this.#constant(name, shape, 'int8', data);
  }

  #constant(
    name: string,
    shape: readonly number[],
    type: ElementType,
    data: () => Float32Array | Int8Array,
  ): Value {
    const known = this.#constants.get(name)?.value;
    if (known) {
      if (known.shape.join() === shape.join() && known.type === type) return known;
      throw new RangeError(
        `constant ${name} is ${known.type} [${known.shape.join()}], not ${type} [${shape.join()}]`,
      );
    }
    const values = data();
    if (elementCount(shape) !== values.length) {
      throw new RangeError(
        `constant ${name}: [${shape.join()}] does not hold ${values.length} values`,
      );
    }
    // A mask may hold -Infinity; nothing may hold NaN.
    if (hasNaN(values)) throw new RangeError(`constant ${name} holds NaN`);
    const value = this.#declare(name, shape, type);
    this.#constants.set(name, { value, data: values });
    return value;
  }

  /** A 64-bit integer constant, shared by content. */
  integers(values: readonly number[]): Value {
    const key = values.join('_');
    let value = this.#integers.get(key);
    if (!value) {
      value = this.#declare(`int_${key}`, [values.length], 'int64');
      this.#constants.set(value.name, { value, data: BigInt64Array.from(values.map(BigInt)) });
      this.#integers.set(key, value);
    }
    return value;
  }

  /** alpha * a b + beta * c; a (M, K), b (K, N) or (N, K) transposed, c broadcast to (M, N). */
  gemm(
    a: Value,
    b: Value,
    c?: Value,
    {
      alpha = 1,
      beta = 1,
      transB = false,
    }: { alpha?: number; beta?: number; transB?: boolean } = {},
  ): Value {
    const [rows, inner] = this.#matrix(a);
    const [first, second] = this.#matrix(b);
    const [bInner, columns] = transB ? [second, first] : [first, second];
    if (inner !== bInner) this.#mismatch('Gemm', a, b);
    if (c && broadcastShape(c.shape, [rows, columns])?.join() !== `${rows},${columns}`) {
      this.#mismatch('Gemm', a, c);
    }
    const attributes: Record<string, number | { float: number }> = {};
    if (alpha !== 1) attributes['alpha'] = { float: alpha };
    if (c && beta !== 1) attributes['beta'] = { float: beta };
    if (transB) attributes['transB'] = 1;
    return this.node('Gemm', c ? [a, b, c] : [a, b], [rows, columns], attributes, {
      multiplyAdds: rows * inner * columns,
    });
  }

  /** Batched matrix product: (..., M, K) x (..., K, N) -> (..., M, N). */
  matmul(a: Value, b: Value): Value {
    const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const [rows, inner] = a.shape.slice(-2) as [number, number];
    const [bInner, columns] = b.shape.slice(-2) as [number, number];
    if (!batch || inner !== bInner) this.#mismatch('MatMul', a, b);
    return this.node(
      'MatMul',
      [a, b],
      [...batch!, rows, columns],
      {},
      {
        multiplyAdds: elementCount(batch!) * rows * inner * columns,
      },
    );
  }

  /** Element-wise `Add`, `Sub`, `Mul` or `Div` with broadcasting. */
  binary(op: 'Add' | 'Sub' | 'Mul' | 'Div', a: Value, b: Value): Value {
    const shape = broadcastShape(a.shape, b.shape);
    if (!shape) this.#mismatch(op, a, b);
    return this.node(op, [a, b], shape!);
  }

  add(a: Value, b: Value): Value {
    return this.binary('Add', a, b);
  }

  /** Sum of one or more values of the same shape, in one node. */
  sum(values: readonly Value[]): Value {
    const first = values[0];
    if (!first) throw new RangeError('Sum of nothing');
    for (const value of values)
      if (value.shape.join() !== first.shape.join()) this.#mismatch('Sum', first, value);
    if (values.length === 1) return first;
    return values.length === 2
      ? this.add(first, values[1]!)
      : this.node('Sum', values, first.shape);
  }

  /** An element-wise operator of one input. */
  unary(op: 'Relu' | 'Erf' | 'Tanh' | 'Softplus' | 'Sqrt' | 'Sigmoid', a: Value): Value {
    return this.node(op, [a], a.shape);
  }

  /** Exact GELU, x/2 (1 + erf(x / sqrt 2)), one fused node. */
  gelu(a: Value): Value {
    return this.node('Gelu', [a], a.shape, {}, { domain: CONTRIB });
  }

  /** Limits every element to [low, high]. */
  clip(a: Value, low: number, high: number): Value {
    return this.node('Clip', [a, this.scalar(low), this.scalar(high)], a.shape);
  }

  /** A rank-0 constant, shared by value. */
  scalar(value: number): Value {
    return this.constant(`scalar_${Math.fround(value)}`, [], () => Float32Array.of(value));
  }

  /** LayerNorm over the last axis. @param shift absent = no shift */
  layerNorm(a: Value, scale: Value, shift: Value | undefined, epsilon: number): Value {
    const width = a.shape.at(-1);
    if (scale.shape.join() !== `${width}`) this.#mismatch('LayerNormalization', a, scale);
    return this.node('LayerNormalization', shift ? [a, scale, shift] : [a, scale], a.shape, {
      axis: -1,
      epsilon: { float: epsilon },
    });
  }

  /** The same values as 32-bit floats. */
  toFloat(a: Value): Value {
    return this.node('Cast', [a], a.shape, { to: elementTypeCode('float32') });
  }

  softmax(a: Value, axis = -1): Value {
    return this.node('Softmax', [a], a.shape, { axis });
  }

  /** The same values in another shape. */
  reshape(a: Value, shape: readonly number[]): Value {
    if (elementCount(a.shape) !== elementCount(shape)) {
      throw new RangeError(`Reshape: [${a.shape.join()}] to [${shape.join()}]`);
    }
    if (a.shape.join() === shape.join()) return a;
    return this.node('Reshape', [a, this.integers(shape)], shape, {}, { type: a.type });
  }

  transpose(a: Value, permutation: readonly number[]): Value {
    if (permutation.toSorted((x, y) => x - y).join() !== [...a.shape.keys()].join()) {
      throw new RangeError(`Transpose: ${permutation.join()} of [${a.shape.join()}]`);
    }
    return this.node(
      'Transpose',
      [a],
      permutation.map((axis) => a.shape[axis]!),
      { perm: permutation },
      { type: a.type },
    );
  }

  concat(values: readonly Value[], axis: number): Value {
    if (values.length === 1) return values[0]!;
    const shape = [...values[0]!.shape];
    const at = axis < 0 ? shape.length + axis : axis;
    for (const value of values) {
      if (value.shape.with(at, shape[at]!).join() !== shape.join()) {
        this.#mismatch('Concat', values[0]!, value);
      }
    }
    shape[at] = values.reduce((sum, value) => sum + value.shape[at]!, 0);
    return this.node('Concat', values, shape, { axis: at }, { type: values[0]!.type });
  }

  /** Cuts `a` along an axis into pieces of the given sizes. */
  split(a: Value, sizes: readonly number[], axis: number): Value[] {
    const at = axis < 0 ? a.shape.length + axis : axis;
    if (sizes.reduce((sum, size) => sum + size, 0) !== a.shape[at]) {
      throw new RangeError(`Split: [${a.shape.join()}] into ${sizes.join()} on axis ${at}`);
    }
    if (sizes.length === 1) return [a];
    const outputs = sizes.map((size) => ({ shape: a.shape.with(at, size), type: a.type }));
    return this.nodes('Split', [a, this.integers(sizes)], outputs, { axis: at });
  }

  /** The rows of a table (rows, ...) that `index` names, a scalar or a list: (...) or (n, ...). */
  gather(table: Value, index: Value): Value {
    return this.node(
      'Gather',
      [table, index],
      [...index.shape, ...table.shape.slice(1)],
      { axis: 0 },
      { type: table.type },
    );
  }

  /** Euclidean norm of every row: (R, C) -> (R, 1). */
  rowNorms(a: Value): Value {
    return this.node('ReduceL2', [a], [a.shape[0]!, 1], { axes: [1], keepdims: 1 });
  }

  /** Rows `begin` to `end` (excluded) of an axis. */
  slice(a: Value, begin: number, end: number, axis: number): Value {
    const at = axis < 0 ? a.shape.length + axis : axis;
    if (begin < 0 || begin >= end || end > a.shape[at]!) {
      throw new RangeError(`Slice: ${begin} to ${end} of [${a.shape.join()}] on axis ${at}`);
    }
    if (begin === 0 && end === a.shape[at]) return a;
    return this.node(
      'Slice',
      [a, this.integers([begin]), this.integers([end]), this.integers([at])],
      a.shape.with(at, end - begin),
      {},
      { type: a.type },
    );
  }

  /**
   * Adds any operator. Prefer the methods above, which check shapes.
   * @param inputs undefined leaves an optional input out
   * @param shape shape of the output
   */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    shape: readonly number[],
    attributes: Attributes = {},
    { domain = '', multiplyAdds = 0, type = 'float32' as ElementType } = {},
  ): Value {
    return this.nodes(op, inputs, [{ shape, type }], attributes, { domain, multiplyAdds })[0]!;
  }

  /** The same with several outputs. */
  nodes(
    op: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly Omit<Value, 'name'>[],
    attributes: Attributes = {},
    { domain = '', multiplyAdds = 0 } = {},
  ): Value[] {
    const values = outputs.map(({ shape, type }) => this.#declare(this.#fresh(op), shape, type));
    this.#push(op, domain, inputs, values, attributes, multiplyAdds);
    return values;
  }

  /**
   * Ends the graph. Nodes and constants that no output needs are dropped.
   * @param outputs the graph's outputs by the names they get
   */
  finish(outputs: Readonly<Record<string, Value>>): OnnxGraph {
    for (const [name, value] of Object.entries(outputs)) {
      const output = this.#declare(name, value.shape, value.type);
      this.#push('Identity', '', [value], [output], {}, 0);
    }
    const needed = new Set(Object.keys(outputs));
    const nodes = this.#nodes
      .toReversed()
      .filter((node) => {
        if (!node.outputs.some((output) => needed.has(output))) return false;
        for (const input of node.inputs) needed.add(input);
        return true;
      })
      .reverse();
    const constants = [...this.#constants.values()].filter(({ value }) => needed.has(value.name));
    return {
      bytes: encodeModel({
        inputs: this.#inputs,
        outputs: Object.entries(outputs).map(([name, value]) => ({ ...value, name })),
        constants,
        nodes,
        metadata: this.#metadata,
      }),
      nodes: nodes.length,
      multiplyAdds: nodes.reduce((sum, node) => sum + node.multiplyAdds, 0),
    };
  }

  #push(
    op: string,
    domain: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly Value[],
    attributes: Attributes,
    multiplyAdds: number,
  ): void {
    for (const input of inputs) {
      if (input && !this.#names.has(input.name))
        throw new RangeError(`${op}: '${input.name}' is not in this graph`);
    }
    this.#nodes.push({
      op,
      domain,
      inputs: inputs.map((input) => input?.name ?? ''),
      outputs: outputs.map((output) => output.name),
      attributes,
      multiplyAdds,
    });
  }

  #declare(name: string, shape: readonly number[], type: ElementType): Value {
    if (this.#names.has(name)) throw new RangeError(`'${name}' is in this graph already`);
    this.#names.add(name);
    return { name, shape, type };
  }

  #fresh(op: string): string {
    return `${op}_${this.#names.size}`;
  }

  #matrix(value: Value): [number, number] {
    if (value.shape.length !== 2) throw new RangeError(`'${value.name}' is not a matrix`);
    return value.shape as unknown as [number, number];
  }

  #mismatch(op: string, a: Value, b: Value): never {
    throw new RangeError(
      `${op}: '${a.name}' [${a.shape.join()}] and '${b.name}' [${b.shape.join()}] do not fit`,
    );
  }
}

function hasNaN(values: Float32Array | Int8Array): boolean {
  for (const value of values) if (value !== value) return true;
  return false;
}
