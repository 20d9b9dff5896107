import type { Attributes, ElementType, Value } from './graph_value.js';
import { ATTRIBUTE_TYPE, ELEMENT_TYPE, modelProto } from './onnx_format.js';

/** Standard operators are those of opset 17, the newest that every provider of ORT 1.2x covers. */
const OPSET = 17;
const CONTRIB_OPSET = 1;
const IR_VERSION = 8;

/** Domain of ONNX Runtime's own operators. */
export const CONTRIB = 'com.microsoft';

/** One operator of a model, inputs and outputs by name; an absent optional input is ''. */
export interface ModelNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** A constant of a model. */
export interface ModelConstant {
  readonly value: Value;
  readonly data: Float32Array | BigInt64Array | Int8Array;
}

/** What an ONNX file holds. */
export interface OnnxModel {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants: readonly ModelConstant[];
  /** In an order in which each can run. */
  readonly nodes: readonly ModelNode[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The bytes of an ONNX file. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const message = {
    irVersion: IR_VERSION,
    producerName: 'bac_policy',
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: CONTRIB, version: CONTRIB_OPSET },
    ],
    metadataProps: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: 'policy',
      input: model.inputs.map(valueInfo),
      output: model.outputs.map(valueInfo),
      initializer: model.constants.map(({ value, data }) => ({
        dims: [...value.shape],
        dataType: ELEMENT_TYPE[value.type],
        name: value.name,
        rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      })),
      node: model.nodes.map((node) => ({
        input: node.inputs,
        output: node.outputs,
        name: node.outputs[0],
        opType: node.op,
        domain: node.domain,
        attribute: Object.entries(node.attributes).map(([name, value]) => attribute(name, value)),
      })),
    },
  };
  return modelProto.encode(message).finish();
}

/** `TensorProto.DataType` of an element type, for the attribute of `Cast`. */
export function elementTypeCode(type: ElementType): number {
  return ELEMENT_TYPE[type];
}

function valueInfo({ name, shape, type }: Value): object {
  return {
    name,
    type: {
      tensorType: {
        elemType: ELEMENT_TYPE[type],
        shape: { dim: shape.map((dimValue) => ({ dimValue })) },
      },
    },
  };
}

function attribute(name: string, value: Attributes[string]): object {
  if (typeof value === 'number') return { name, i: value, type: ATTRIBUTE_TYPE.int };
  if (typeof value === 'string') {
    return { name, s: Buffer.from(value), type: ATTRIBUTE_TYPE.string };
  }
  if ('float' in value) return { name, f: value.float, type: ATTRIBUTE_TYPE.float };
  return { name, ints: [...value], type: ATTRIBUTE_TYPE.ints };
}
