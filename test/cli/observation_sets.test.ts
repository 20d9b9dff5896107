import assert from 'node:assert/strict';
import { observationSetOption, observationSets } from '../../src/cli/observation_sets.js';
import { type Fixture, fixture } from '../support/fixtures.js';

describe('observation sets', () => {
  it('are named on the command line', () => {
    const one = observationSetOption('moved camera=bags/a=b', []);
    assert.deepEqual(one, [{ name: 'moved camera', path: 'bags/a=b' }]);
    const two = observationSetOption('far=far.safetensors', one);
    assert.deepEqual(two.at(-1), { name: 'far', path: 'far.safetensors' });
    assert.throws(() => observationSetOption('far', []), /NAME=PATH/);
    assert.throws(() => observationSetOption('=far', []), /NAME=PATH/);
    assert.throws(() => observationSetOption('far=again', two), /Two sets are called far/);
  });

  it('are read from vectors, with their episodes and where they are from', async () => {
    const full: Fixture = await fixture('full');
    const sets = [{ name: 'same', path: full.vectorsPath }];
    const [same] = await observationSets(full.policy, sets, { seed: 0, threads: 1 });
    assert.equal(same!.name, 'same');
    assert.equal(same!.inputs.samples, same!.available);
    assert.equal(same!.episodes.length, same!.available);
    assert.match(same!.sources[0]!.sha256, /^[0-9a-f]{64}$/);
  });
});
