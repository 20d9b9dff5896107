import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeSafetensors,
  encodeSafetensors,
  floatTensor,
  type Tensor,
} from '../../src/policy/safetensors.js';
import { type Refusal, itRefuses } from '../support/cli_refusals.js';
import { type Fixture, fixture } from '../support/fixtures.js';

/** Vectors for the fixture `full` (N 3, To 2, Do 7, K 20, T 10, A 4) with something wrong. */
describe('bad input: vectors', () => {
  let full: Fixture;
  before(async () => {
    full = await fixture('full');
  });

  /** A run whose input `damage` turns from good into bad. */
  const refused = (says: RegExp, damage: (path: string) => void, ...more: string[]): Refusal => ({
    says,
    prepare: (directory, outputs) => {
      const input = join(directory, 'vectors.safetensors');
      writeFileSync(input, readFileSync(full.vectorsPath));
      damage(input);
      const output = join(outputs, 'out.safetensors');
      return ['run', full.policy.directory, '--input', input, '--output', output, ...more];
    },
  });
  /** The same for a change of the tensors. */
  const tensors = (says: RegExp, change: (tensors: Map<string, Tensor>) => void): Refusal =>
    refused(says, (path) => {
      const { tensors: all } = decodeSafetensors(readFileSync(path), path);
      const changed = new Map(all);
      change(changed);
      writeFileSync(path, encodeSafetensors(changed));
    });
  const poisoned = (name: string, value: number) => (all: Map<string, Tensor>) => {
    const tensor = all.get(name)!;
    const data = Float32Array.from(tensor.data as Float32Array);
    data[5] = value;
    all.set(name, { ...tensor, data });
  };
  const zeros = (shape: number[]): Tensor =>
    floatTensor(shape, new Float32Array(shape.reduce((x, y) => x * y)));

  itRefuses({
    'a file that does not exist': {
      says: /vectors\.safetensors: does not exist; check the path/,
      prepare: (directory, outputs) => [
        ...['run', full.policy.directory, '--input', join(directory, 'vectors.safetensors')],
        ...['--output', join(outputs, 'out')],
      ],
    },
    'a directory': {
      says: /is not a file/,
      prepare: (directory, outputs) => [
        ...['run', full.policy.directory, '--input', directory, '--output', join(outputs, 'out')],
      ],
    },
    'an empty file': refused(/vectors\.safetensors: is too short/, (path) => truncateSync(path)),
    'a truncated file': refused(/vectors\.safetensors: tensor '\w+' needs .* truncated/, (path) =>
      truncateSync(path, 5000),
    ),
    'a file that is something else': refused(/vectors\.safetensors: declares a header/, (path) =>
      writeFileSync(path, 'observation,action\n1,2\n'),
    ),
    'no observation': tensors(
      /holds neither 'observation\.observation' nor 'condition'; give .* condition \(N, 2, 7\)/,
      (all) => all.delete('observation'),
    ),
    'an observation of another width': tensors(
      /tensor 'observation' is F32 \(3, 2, 8\); this policy needs F32 \(3, 2, 7\)/,
      (all) => all.set('observation', zeros([3, 2, 8])),
    ),
    'an observation without its history': tensors(/tensor 'observation' is F32 \(3, 7\)/, (all) =>
      all.set('observation', zeros([3, 7])),
    ),
    'an observation of the wrong type': tensors(/tensor 'observation' is I32/, (all) =>
      all.set('observation', { dtype: 'I32', shape: [3, 2, 7], data: new Int32Array(42) }),
    ),
    'a number too large for 32 bits': tensors(/tensor 'observation' holds Infinity/, (all) => {
      const data = new Float64Array(42).fill(1e300);
      all.set('observation', { dtype: 'F64', shape: [3, 2, 7], data });
    }),
    'no sample at all': tensors(/tensor 'observation' holds no sample/, (all) =>
      all.set('observation', floatTensor([0, 2, 7], new Float32Array())),
    ),
    'NaN in the observation': tensors(
      /tensor 'observation' holds NaN at element 5; only finite numbers/,
      poisoned('observation', NaN),
    ),
    'an infinite observation': tensors(
      /tensor 'observation' holds -Infinity/,
      poisoned('observation', -Infinity),
    ),
    'NaN in the initial noise': tensors(
      /tensor 'initial_noise' holds NaN/,
      poisoned('initial_noise', NaN),
    ),
    'NaN in the step noise': tensors(/tensor 'step_noise' holds NaN/, poisoned('step_noise', NaN)),
    'a condition of another shape': tensors(/tensor 'condition' is F32 \(3, 14\)/, (all) => {
      all.delete('observation');
      all.set('condition', zeros([3, 14]));
    }),
    'noise for other samples': tensors(
      /tensor 'initial_noise' is F32 \(2, 10, 4\); this policy needs F32 \(3, 10, 4\)/,
      (all) => all.set('initial_noise', zeros([2, 10, 4])),
    ),
    'noise for fewer steps': tensors(
      /tensor 'step_noise' is F32 \(19, 3, 10, 4\); this policy needs F32 \(20, 3, 10, 4\)/,
      (all) => all.set('step_noise', zeros([19, 3, 10, 4])),
    ),
    'NaN in the observation, for bench': {
      says: /tensor 'observation' holds NaN/,
      prepare: (directory) => {
        const input = join(directory, 'vectors.safetensors');
        const { tensors: all } = decodeSafetensors(readFileSync(full.vectorsPath), '');
        const changed = new Map(all);
        poisoned('observation', NaN)(changed);
        writeFileSync(input, encodeSafetensors(changed));
        return ['bench', full.policy.directory, '--input', input, '--json'];
      },
    },
    'an output that is a directory': {
      says: /outputs: is a directory; give the path of a file/,
      prepare: (_, outputs) => [
        ...['run', full.policy.directory, '--input', full.vectorsPath, '--output', outputs],
      ],
    },
  });
});
