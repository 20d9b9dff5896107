import protobuf from 'protobufjs';

/**
 * The part of the ONNX format (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) this project
 * writes: field names, numbers and types.
 */
const { Type, Field, Root } = protobuf;

type FieldSpec = readonly [name: string, id: number, type: string, rule?: 'repeated'];

function message(name: string, fields: readonly FieldSpec[]): protobuf.Type {
  const type = new Type(name);
  for (const [field, id, fieldType, rule] of fields) {
    type.add(new Field(field, id, fieldType, rule));
  }
  return type;
}

const root = new Root();
root.add(
  message('StringStringEntryProto', [
    ['key', 1, 'string'],
    ['value', 2, 'string'],
  ]),
);
root.add(
  message('OperatorSetIdProto', [
    ['domain', 1, 'string'],
    ['version', 2, 'int64'],
  ]),
);
root.add(
  message('TensorProto', [
    ['dims', 1, 'int64', 'repeated'],
    ['dataType', 2, 'int32'],
    ['name', 8, 'string'],
    ['rawData', 9, 'bytes'],
  ]),
);
root.add(
  message('Dimension', [
    ['dimValue', 1, 'int64'],
    ['dimParam', 2, 'string'],
  ]),
);
root.add(message('TensorShapeProto', [['dim', 1, 'Dimension', 'repeated']]));
root.add(
  message('TensorTypeProto', [
    ['elemType', 1, 'int32'],
    ['shape', 2, 'TensorShapeProto'],
  ]),
);
root.add(message('TypeProto', [['tensorType', 1, 'TensorTypeProto']]));
root.add(
  message('ValueInfoProto', [
    ['name', 1, 'string'],
    ['type', 2, 'TypeProto'],
  ]),
);
root.add(
  message('AttributeProto', [
    ['name', 1, 'string'],
    ['f', 2, 'float'],
    ['i', 3, 'int64'],
    ['s', 4, 'bytes'],
    ['ints', 8, 'int64', 'repeated'],
    ['type', 20, 'int32'],
  ]),
);
root.add(
  message('NodeProto', [
    ['input', 1, 'string', 'repeated'],
    ['output', 2, 'string', 'repeated'],
    ['name', 3, 'string'],
    ['opType', 4, 'string'],
    ['attribute', 5, 'AttributeProto', 'repeated'],
    ['domain', 7, 'string'],
  ]),
);
root.add(
  message('GraphProto', [
    ['node', 1, 'NodeProto', 'repeated'],
    ['name', 2, 'string'],
    ['initializer', 5, 'TensorProto', 'repeated'],
    ['input', 11, 'ValueInfoProto', 'repeated'],
    ['output', 12, 'ValueInfoProto', 'repeated'],
    ['valueInfo', 13, 'ValueInfoProto', 'repeated'],
  ]),
);
root.add(
  message('ModelProto', [
    ['irVersion', 1, 'int64'],
    ['producerName', 2, 'string'],
    ['producerVersion', 3, 'string'],
    ['graph', 7, 'GraphProto'],
    ['opsetImport', 8, 'OperatorSetIdProto', 'repeated'],
    ['metadataProps', 14, 'StringStringEntryProto', 'repeated'],
  ]),
);

/** `ModelProto`, the top-level message of an ONNX file. */
export const modelProto = root.lookupType('ModelProto');

/** `TensorProto.DataType`. */
export const ELEMENT_TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;

/** `AttributeProto.AttributeType`. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;
