import assert from 'node:assert/strict';
import {
  describeParameters,
  getParameters,
  listParameters,
  PARAMETER_TYPES,
  setParameter,
  type TypedValue,
} from '../../support/ros_parameters.js';
import { liftPolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';

const ALWAYS: readonly (readonly [string, TypedValue])[] = [
  ['max_age_ms', ['double', 150]],
  ['observation_wait_ms', ['double', 4]],
  ['action_horizon', ['integer', 4]],
  ['trajectory_stamp', ['string', 'publish']],
  ['limits.velocity', ['double_array', Array<number>(8).fill(50)]],
  ['limits.position_min', ['double_array', []]],
  ['sources.cube.max_age_ms', ['double', 400]],
  ['seed', ['integer', 3]],
];
const REFUSED: readonly (readonly [string, TypedValue, RegExp])[] = [
  ['max_age_ms', ['double', -1], /0/],
  ['max_age_ms', ['double', Number.NaN], /NaN|nan|number|finite/],
  ['max_age_ms', ['string', 'long'], /double/],
  ['action_horizon', ['integer', -3], /0/],
  ['action_horizon', ['integer', 9], /8/],
  ['trajectory_stamp', ['string', 'yesterday'], /tick, publish|tick.*publish.*zero/],
  ['limits.velocity', ['double_array', [1, 2]], /8/],
  ['limits.velocity', ['double_array', Array<number>(8).fill(-1)], /0/],
  ['seed', ['integer', -2], /-1/],
  ['autostart', ['bool', true], /read.only/i],
  ['shadow', ['not_set'], /bool/],
  ['no_such_parameter', ['integer', 1], /declared|unknown|no_such_parameter/],
];
const UNCONFIGURED: readonly (readonly [string, TypedValue])[] = [
  ['policy', ['string', '/elsewhere']],
  ['preset', ['string', 'fast']],
  ['threads', ['integer', 2]],
  ['execution_provider', ['string', 'auto']],
  ['rate_hz', ['double', 10]],
  ['sources.cube.topic', ['string', 'other_pose']],
];

/** As somebody may write it who means `limits.velocity`. */
const MISSPELT = { parameters: { 'limits.velocities': 1.5 } };

scenario('parameters are tuned while the node runs', liftPolicy, MISSPELT, (scene) => {
  it('says which of the given ones it does not have', () => {
    const { output } = scene().node.process;
    assert.match(output, /limits\.velocities was given/);
    assert.ok(!/(policy|use_sim_time|seed) was given/.test(output), output);
  });

  it('describes every parameter: type, words, range', async () => {
    const { peer, node } = scene();
    const names = (await listParameters(peer, node)).filter((name) => !/^qos_|^use_sim/.test(name));
    for (const name of ['policy', 'limits.velocity', 'sources.cube.max_age_ms']) {
      assert.ok(names.includes(name), `${name} of ${names.join(', ')}`);
    }
    const described = await describeParameters(peer, node, names);
    for (const { name, type, description } of described) {
      assert.ok(type !== PARAMETER_TYPES.not_set, name);
      if (name !== 'start_type_description_service') assert.match(description, /\w{3}/, name);
    }
    const of = (name: string): (typeof described)[number] =>
      described.find((descriptor) => descriptor.name === name)!;
    assert.deepEqual(of('max_age_ms').floating_point_range, [
      { from_value: 0, to_value: 60000, step: 0 },
    ]);
    assert.equal(of('threads').integer_range[0]!.from_value, 1);
    assert.ok(of('autostart').read_only && !of('seed').read_only);
    assert.match(of('threads').additional_constraints, /unconfigured/);
  });

  it('takes values that make sense, and gives them back', async () => {
    const { peer, node } = scene();
    for (const [name, value] of ALWAYS) {
      assert.equal(await setParameter(peer, node, name, value), undefined, name);
      assert.deepEqual(await getParameters(peer, node, [name]), [value[1]], name);
    }
    // As `ros2 param set` sends it.
    assert.equal(await setParameter(peer, node, 'max_age_ms', ['integer', 120]), undefined);
    assert.deepEqual(await getParameters(peer, node, ['max_age_ms']), [120]);
    await scene().flows(3);
  });

  it('executes as many actions of a chunk as it was told', async () => {
    const { peer, node } = scene();
    await setParameter(peer, node, 'action_horizon', ['integer', 2]);
    await scene().flows(2);
    const [one, two] = (await scene().flows(2)).map(({ message }) => message.header.stamp);
    const apartMs = (two!.sec - one!.sec) * 1e3 + (two!.nanosec - one!.nanosec) / 1e6;
    assert.ok(Math.abs(apartMs - 100) < 0.01, `${apartMs} ms`);
    await setParameter(peer, node, 'action_horizon', ['integer', 0]);
  });

  for (const [name, value, why] of REFUSED) {
    const shown = value.length > 1 ? String(value[1]) : 'value';
    it(`refuses ${value[0]} ${shown} for ${name}, with a reason`, async () => {
      const { peer, node } = scene();
      const before = await getParameters(peer, node, [name]).catch(() => undefined);
      const reason = await setParameter(peer, node, name, value);
      assert.match(reason ?? 'accepted', why);
      const after = await getParameters(peer, node, [name]).catch(() => undefined);
      assert.deepEqual(after, before);
    });
  }

  it('refuses until it is unconfigured what needs another configuring', async () => {
    const { peer, node } = scene();
    for (const [name, value] of UNCONFIGURED) {
      const before = await getParameters(peer, node, [name]);
      const reason = await setParameter(peer, node, name, value);
      assert.match(reason ?? `${name} accepted`, /unconfigured|clean/);
      assert.deepEqual(await getParameters(peer, node, [name]), before);
    }
    await scene().flows(2);
    await node.change('deactivate', 'inactive');
    await node.change('cleanup', 'unconfigured');
    for (const [name, value] of UNCONFIGURED.filter(([name]) => name !== 'policy')) {
      assert.equal(await setParameter(peer, node, name, value), undefined, name);
    }
    await setParameter(peer, node, 'sources.cube.topic', ['string', '']);
    await setParameter(peer, node, 'rate_hz', ['double', 0]);
    await scene().node.goActive();
    await scene().flows(2);
  });

  it('holds when a limit would be violated, until it is lifted', async () => {
    const { peer, node } = scene();
    // So that the chunk which is refused would have come in the middle of a motion.
    await setParameter(peer, node, 'action_horizon', ['integer', 4]);
    await scene().flows(2);
    const tight = Array<number>(8).fill(1e-6);
    await scene().holdsAfter(async () => {
      const { now } = await peer.ask<{ now: number }>('clocks');
      const reason = await setParameter(peer, node, 'limits.velocity', ['double_array', tight]);
      assert.equal(reason, undefined);
      return now;
    }, 'limit');
    await scene().says(/panda_|velocity|fast/);
    await setParameter(peer, node, 'limits.velocity', ['double_array', []]);
    await scene().flows(2);
    await scene().isWell();
  });

  it('sets several at once or none of them', async () => {
    const { peer, node } = scene();
    const two = (age: number): object => ({
      parameters: [
        { name: 'max_age_ms', value: { type: PARAMETER_TYPES.double, double_value: age } },
        { name: 'seed', value: { type: PARAMETER_TYPES.integer, integer_value: age } },
      ],
    });
    const atomically = async (age: number): Promise<boolean> => {
      const { result } = await peer.call<{ result: { successful: boolean } }>(
        node.own('set_parameters_atomically'),
        'rcl_interfaces/srv/SetParametersAtomically',
        two(age),
      );
      return result.successful;
    };
    assert.ok(await atomically(200));
    assert.ok(!(await atomically(-5)));
    assert.deepEqual(await getParameters(peer, node, ['max_age_ms', 'seed']), [200, 200]);
  });
});
