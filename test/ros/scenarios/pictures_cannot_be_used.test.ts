import assert from 'node:assert/strict';
import { image, type ImageOptions } from '../../support/ros_inputs.js';
import { cameraPolicy } from '../../support/ros_policies.js';
import { HOLD_MS, isHold } from '../../support/ros_scene.js';
import { scenario } from '../../support/ros_scenario.js';

/** Two pictures in a row at 30 Hz are a fault. */
const FAULT_MS = 34;

const UNUSABLE: readonly (readonly [string, ImageOptions, RegExp])[] = [
  ['in an unknown encoding', { encoding: 'yuv422' }, /yuv422/],
  ['in an encoding of another depth', { encoding: '16UC1' }, /16UC1/],
  ['with rows shorter than their width', { step: 64 * 3 - 1 }, /step|row/],
  ['with fewer bytes than rows', { bytes: 48 * 64 * 3 - 1 }, /bytes|data|rows/],
  ['without pixels', { width: 0, height: 0, step: 0, bytes: 0 }, /0 ?x ?0|pixel|empty|size/],
];

scenario('pictures cannot be used', cameraPolicy, {}, (scene) => {
  for (const [what, options, says] of UNUSABLE) {
    it(`holds while they come ${what}`, async () => {
      const picture = image(options);
      const send = async (): Promise<number> => scene().peer.stream(picture, { hz: 30 });
      const afterMs = await scene().holdsAfter(send, 'unusable_input');
      assert.ok(afterMs < FAULT_MS + HOLD_MS, `${afterMs} ms`);
      await scene().says(says);
      await scene().isSilent(300);
      await scene().peer.stream(image(), { hz: 30 });
      await scene().flows(2);
    });
  }

  for (const [what, options] of [
    ['of another size', { width: 640, height: 480 }],
    ['with padded rows', { step: 256 }],
    ['in bgr8', { encoding: 'bgr8' }],
    ['in mono8', { encoding: 'mono8', step: 64 }],
    ['in rgba8', { encoding: 'rgba8', step: 256 }],
  ] as const) {
    it(`goes on with pictures ${what}`, async () => {
      await scene().peer.stream(image(options), { hz: 30 });
      const before = (await scene().trajectories()).length;
      await scene().flows(4);
      const sent = await scene().trajectories(before);
      assert.ok(!sent.some(({ message }) => isHold(message)), 'no hold');
      await scene().isWell();
    });
  }
});
