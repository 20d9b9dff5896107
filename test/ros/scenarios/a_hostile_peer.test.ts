import assert from 'node:assert/strict';
import { cubePose, image, jointStates } from '../../support/ros_inputs.js';
import type { Encoded } from '../../support/ros_peer.js';
import { cameraPolicy, liftPolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';
import { SeededRandom } from '../../support/seeded_random.js';

/** A message damaged in many ways: cut off, stretched, with lengths beyond all bounds, or all random. */
function damaged(message: Encoded, count: number, seed: number): Encoded {
  const random = new SeededRandom(seed);
  const whole = message.cdr[0]!;
  const cdr = Array.from({ length: count }, (_, i) => {
    if (i % 4 === 0) return whole.slice(0, 4 + random.below(whole.length - 4));
    const bytes = Buffer.from(whole);
    if (i % 4 === 1) bytes.writeUInt32LE(0xfffffff0, 4 + 4 * random.below(bytes.length / 4 - 2));
    if (i % 4 === 2) for (let j = 4; j < bytes.length; j++) bytes[j] = random.below(256);
    if (i % 4 === 3) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    return bytes;
  });
  return { ...message, cdr };
}

scenario('a hostile peer of an arm', liftPolicy, {}, (scene) => {
  for (const [what, message] of [
    ['joint states', jointStates()],
    ['poses', cubePose()],
  ] as const) {
    it(`survives damaged ${what}`, async () => {
      await scene().peer.publish(damaged(message, 400, 1));
      await scene().feed();
      await scene().flows(2);
    });
  }

  it('survives service requests with garbage', async () => {
    const { peer, node } = scene();
    const long = 'x'.repeat(100_000);
    for (const text of ['', '\u0000', '../..', long, '${HOME}', '%s%n', '\u{1f916}']) {
      await node.request(200, text);
      await peer.call(node.own('load_policy'), 'bac_policy/srv/LoadPolicy', {
        ...{ policy: text, plan: text, preset: text },
      });
      for (const [seconds, path] of [
        [Number.NaN, text],
        [-1, text],
        [1e300, '/proc/nowhere/bag'],
      ]) {
        await peer
          .call(node.own('save_inputs'), 'bac_policy/srv/SaveInputs', { path, seconds })
          .catch((error: unknown) => assert.match(String(error), /TypeError|NaN|ValueError/));
      }
      await peer.call(node.own('get_parameters'), 'rcl_interfaces/srv/GetParameters', {
        names: [text, text],
      });
      await peer.call(node.own('describe_parameters'), 'rcl_interfaces/srv/DescribeParameters', {
        names: [text],
      });
      await peer.call(node.own('set_parameters'), 'rcl_interfaces/srv/SetParameters', {
        parameters: [
          { name: text, value: { type: 200 } },
          { name: 'seed', value: { type: 77, string_value: text } },
        ],
      });
      await peer.call(node.own('list_parameters'), 'rcl_interfaces/srv/ListParameters', {
        ...{ prefixes: [text], depth: 1_000_000 },
      });
    }
    await scene().flows(2);
  });

  it('survives floods of messages and of requests', async () => {
    const { peer, node } = scene();
    await peer.stream(jointStates(), { hz: 4000 });
    // Not more at once than the ten that ROS keeps of a service's requests.
    for (let i = 0; i < 40; i++) {
      await Promise.all(Array.from({ length: 5 }, async () => node.state()));
    }
    await scene().feed();
    await scene().flows(2);
    await scene().isWell();
  });
});

scenario('a hostile peer of a camera', cameraPolicy, {}, (scene) => {
  it('survives damaged pictures', async () => {
    await scene().peer.publish(damaged(image(), 200, 2));
    await scene().feed();
    await scene().flows(2);
  });

  it('survives pictures as large as they come', async () => {
    const huge = image({ width: 4096, height: 3072 });
    const small = image();
    await scene().peer.stream({ ...huge, cdr: [...huge.cdr, ...small.cdr] }, { hz: 4 });
    await scene()
      .flows(1)
      .catch(() => undefined);
    await scene().feed();
    await scene().flows(2);
  });
});
