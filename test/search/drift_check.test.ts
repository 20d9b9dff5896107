import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Calibration } from '../../src/caching/calibration.js';
import { certificateOf } from '../../src/caching/certificate.js';
import { calibratePolicy } from '../../src/cli/calibrate.js';
import { searchedPlan } from '../../src/cli/search_plan.js';
import { readDriftReference } from '../../src/control/drift_constants.js';
import { driftDistance } from '../../src/control/drift_distance.js';
import { pictureDistance } from '../../src/control/picture_reference.js';
import { thumbnail } from '../../src/control/thumbnail.js';
import { readCalibration } from '../../src/policy/calibration_file.js';
import { floatTensor, writeSafetensors } from '../../src/policy/safetensors.js';
import { driftCheck } from '../../src/search/drift_check.js';
import { searchSplit } from '../../src/search/search_split.js';
import { conditionAt, episodesOf } from '../support/drifting_episodes.js';
import { cameraPolicy } from '../support/ros_policies.js';
import { normals } from '../support/seeded_random.js';
import { temporaryDirectory } from '../support/temporary_directory.js';

describe('what drift is judged by', () => {
  /** A calibration of 60 episodes; those that are held out are moved by `shift`. */
  const checked = (shift: number) => {
    const { conditions, episodes } = episodesOf(1, 60);
    const samples = episodes.length;
    const folds = searchSplit({ samples, episodes: Int32Array.from(episodes) });
    const width = conditions.length / samples;
    const condition = conditions.map((value, i) => {
      const row = Math.floor(i / width);
      return value + (folds.of[row]! < 0 && i % 5 === 2 ? shift : 0);
    });
    const about = { samples, condition, episodes: Int32Array.from(episodes) };
    return { condition, ...driftCheck({ trajectories: about } as unknown as Calibration, folds) };
  };

  it('is made of the episodes that were fitted on, so that held-out ones can raise', () => {
    const usual = checked(0);
    assert.equal(usual.heldOut!.observations, 200);
    assert.ok(usual.heldOut!.beyond < 0.1, `${usual.heldOut!.beyond}`);
    const moved = checked(0.3);
    assert.equal(moved.heldOut!.beyond, 1);
    assert.deepEqual(moved.reference, usual.reference);
    const { distance } = driftDistance(usual.reference, conditionAt(episodesOf(2, 1), 5));
    assert.ok(distance < 1);
  });

  it('is without held-out observations where there are none', () => {
    const about = { samples: 8, condition: normals(1, 40), episodes: new Int32Array(8) };
    const calibration = { trajectories: about } as unknown as Calibration;
    assert.equal(driftCheck(calibration, searchSplit(about)).heldOut, null);
  });
});

describe('the camera of a searched plan', () => {
  const [HEIGHT, WIDTH] = [48, 64];
  const EPISODES = 12;

  /** A scene with a robot somewhere, by a camera that was moved. */
  const picture = (robot: number, grain: number, moved = 0): Uint8Array => {
    const noise = normals(grain, HEIGHT * WIDTH);
    return Uint8Array.from({ length: HEIGHT * WIDTH * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      const [y, x] = [Math.floor(pixel / WIDTH), pixel % WIDTH];
      if (Math.abs(x - robot) < 5 && y > 16) return 20;
      const scene = 120 + 60 * Math.sin((x + moved) / 6 + 1) * Math.cos(y / 5);
      return Math.max(0, Math.min(255, scene + 2 * noise[pixel]!));
    });
  };

  it('that was moved is seen, one that was not is usual', async () => {
    const { policy, directory } = await cameraPolicy();
    const folder = temporaryDirectory();
    const at = (name: string): string => join(folder, name);
    const samples = 2 * EPISODES;
    const frames = Array.from({ length: 2 * samples }, (_, i) => picture((i * 17) % WIDTH, i + 1));
    await writeSafetensors(at('vectors'), [
      [
        'observation.front',
        {
          dtype: 'U8',
          shape: [samples, 2, HEIGHT, WIDTH, 3],
          data: Uint8Array.from(Buffer.concat(frames)),
        },
      ],
      ['observation.arm', floatTensor([samples, 2, 2], normals(5, 4 * samples))],
      [
        'episode',
        {
          dtype: 'I64',
          shape: [samples],
          data: BigInt64Array.from({ length: samples }, (_, i) => BigInt(i >> 1)),
        },
      ],
    ]);
    const settings = { seed: 0, threads: 1 };
    await calibratePolicy(directory, {
      ...{ ...settings, vectors: at('vectors'), output: at('cal') },
      ...{ samples: 2, trajectories: samples, remap: new Map() },
    });
    const { plan, constants } = await searchedPlan(
      policy,
      await readCalibration(at('cal')),
      at('cal'),
      { ...settings, output: at('plan.json'), timeLimit: 0.1, weight: new Map() },
    );
    const { drift } = certificateOf(plan, 'plan')!;
    assert.equal(drift!.pictures['front']!.seen, 8);
    assert.ok(drift!.pictures['front']!.beyond <= 0.25);
    const { condition_dim: width } = policy.manifest.architecture;
    const { pictures } = readDriftReference(constants, 2 * width, 'plan')!;
    const distance = (moved: number): number =>
      pictureDistance(pictures.get('front')!, thumbnail(picture(30, 99, moved), [HEIGHT, WIDTH]));
    assert.ok(distance(0) < 1, `${distance(0)}`);
    assert.ok(distance(3) > 1.5, `${distance(3)}`);
  });
});
