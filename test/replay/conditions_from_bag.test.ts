import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { conditionsFromBag } from '../../src/replay/conditions_from_bag.js';
import { jointStates, makeMcap } from '../bag/make_bag.js';
import { temporaryDirectory } from '../bag/temporary_directory.js';
import { policyManifest } from '../control/policy_manifest.js';

describe('conditionsFromBag', () => {
  const directory = temporaryDirectory();

  it('gives the condition of every control tick, episode by episode', async () => {
    const entries = [...jointStates(5), ...jointStates(3, 10_000_000_000n)];
    writeFileSync(directory.at('in.mcap'), await makeMcap(entries));
    const manifest = policyManifest({
      observation_sources: [
        {
          name: 'arm',
          topic: '/joint_states',
          type: 'sensor_msgs/msg/JointState',
          field: 'position',
          names: ['j1', 'j2'],
        },
      ],
    });
    const noImages = async (): Promise<Float32Array> => Promise.reject(new Error('no images'));
    const found: [number, number, ...number[]][] = [];
    for await (const { condition, tickNs, episode } of conditionsFromBag(
      manifest,
      directory.at('in.mcap'),
      noImages,
    )) {
      found.push([episode, Number(tickNs) / 1e9, condition[0]!, condition[2]!]);
    }
    // Normalised position of the first joint at the two steps; 1.25 and 1.3 hold the last message.
    assert.deepEqual(found, [
      [0, 1, 1, 1],
      [0, 1.05, 1, 1.5],
      [0, 1.1, 1.5, 2],
      [0, 1.15, 2, 2.5],
      [0, 1.2, 2.5, 3],
      [0, 1.25, 3, 3],
      [0, 1.3, 3, 3],
      [1, 10, 1, 1],
      [1, 10.05, 1, 1.5],
      [1, 10.1, 1.5, 2],
    ]);
  });
});
