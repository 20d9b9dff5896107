import type { TensorFile } from '../../policy/safetensors.js';
import { table } from '../terminal.js';
import type { Description } from './description.js';

/** Any other safetensors file, such as vectors: names, types and shapes of its tensors. */
export function describeTensors(path: string, { tensors, metadata }: TensorFile): Description {
  const list = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  return {
    facts: { kind: 'tensors', path, metadata, tensors: list },
    text: table(
      ['tensor', 'type', 'shape'],
      list.map(({ name, dtype, shape }) => [name, dtype, `(${shape.join(', ')})`]),
    ),
  };
}
