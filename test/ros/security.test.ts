import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { requireRos, ROOT, runWithRos } from './ros_environment.js';

const POLICY = readFileSync(join(ROOT, 'config/sros2/policy.xml'), 'utf8');

/** The names that the SROS2 policy allows for one kind of access, sorted. */
function allowed(kind: 'topics' | 'services', access: string): string[] {
  const blocks = POLICY.matchAll(new RegExp(`<${kind} ${access}="ALLOW">(.*?)</${kind}>`, 'gs'));
  return [...blocks]
    .flatMap(([, block]) => [...block!.matchAll(/<(?:topic|service)>(.*?)</g)])
    .map(([, name]) => name!)
    .sort();
}

describe('The SROS2 policy', () => {
  const OURS = ['load_policy', 'recover', 'reset_history', 'save_inputs'];
  const LIFECYCLE = [
    ...['change_state', 'get_state', 'get_available_states', 'get_available_transitions'],
    'get_transition_graph',
  ];
  const PARAMETERS = [
    ...['describe_parameters', 'get_parameters', 'get_parameter_types', 'list_parameters'],
    ...['set_parameters', 'set_parameters_atomically'],
  ];

  it("allows the node's publications and no others", () => {
    const commands = ['joint_trajectory', 'position_commands'];
    const ours = [...commands, 'action_chunk', 'policy_card', 'active_plan'];
    assert.deepEqual(
      allowed('topics', 'publish'),
      [
        ...[...ours, 'transition_event'].map((name) => `~/${name}`),
        ...['/diagnostics', '/rosout', '/parameter_events'],
      ].sort(),
    );
  });

  it('allows it to answer its services and no others, and to call none', () => {
    const names = [...OURS, ...LIFECYCLE, ...PARAMETERS, 'get_type_description'];
    assert.deepEqual(allowed('services', 'reply'), names.map((name) => `~/${name}`).sort());
    assert.doesNotMatch(POLICY, /request=|<action/);
  });

  it('allows it to hear the clock, the robot description and the observations of the example policies', () => {
    const topics = readdirSync(join(ROOT, 'config/sources')).flatMap((name) => {
      const text = readFileSync(join(ROOT, 'config/sources', name), 'utf8');
      const { observation_sources: sources } = parse(text) as {
        observation_sources: { topic: string }[];
      };
      return sources.map(({ topic }) => topic);
    });
    assert.deepEqual(
      allowed('topics', 'subscribe'),
      [...new Set([...topics, 'robot_description', '/clock'])].sort(),
    );
  });

  it('has no wildcards', () => {
    assert.ok(!/[*?]/.test(POLICY.replace('<?xml version="1.0" encoding="UTF-8"?>', '')));
  });

  it('allows all that the node really has', function () {
    requireRos(this);
    const launcher = join(ROOT, '.ros/install/bac_policy/lib/bac_policy/policy_node');
    const graph = JSON.parse(
      runWithRos(['python3', join(ROOT, 'test/ros/node_graph.py'), launcher]),
    ) as Record<string, string[]>;
    const resolved = (name: string): string =>
      name.startsWith('/') ? name : `/${name.replace('~', 'policy')}`;
    assert.ok(graph['reply']!.length >= 15 && graph['publish']!.length >= 3);
    for (const [access, kind] of [
      ['publish', 'topics'],
      ['subscribe', 'topics'],
      ['reply', 'services'],
    ] as const) {
      const names = allowed(kind, access).map(resolved);
      assert.deepEqual(
        graph[access]!.filter((name) => !names.includes(name)),
        [],
        access,
      );
    }
  });
});
