import assert from 'node:assert/strict';
import type { RclNative, RosNode } from '../../src/ros/rclnodejs_api.js';
import { parameterOverrides } from '../../src/ros/parameter_overrides.js';

const INTEGER = 2;

describe('Parameter overrides', () => {
  /** The value that the node /cell/arm/policy gets, of files and arguments with these keys in this order. */
  const given = (...keys: string[]): unknown => {
    const node = { getFullyQualifiedName: () => '/cell/arm/policy', name: () => 'policy' };
    const entries = keys.map((name, i) => ({
      name,
      parameters: [{ name: 'threads', type: INTEGER, value: i }],
    }));
    const native = { getParameterOverrides: () => entries };
    const values = parameterOverrides(node as RosNode, native as unknown as RclNative, {});
    return values.get('threads')?.value;
  };

  it('are taken from the full name, the bare name and wildcards that match', () => {
    for (const key of [
      '/cell/arm/policy',
      'policy',
      '/**',
      '/**/policy',
      '/cell/*/policy',
      '/cell/**',
    ]) {
      assert.equal(given(key), 0, key);
    }
  });

  it('are not taken from keys of other nodes', () => {
    for (const key of [
      '/policy',
      '/cell/policy',
      '/*/policy',
      '/cell/arm/policy2',
      'other',
      '/cell/arm',
    ]) {
      assert.equal(given(key), undefined, key);
    }
  });

  it('that name the node go before those of wildcards, whatever comes first', () => {
    assert.equal(given('/cell/arm/policy', '/**'), 0);
    assert.equal(given('policy', '/**/policy', '/**'), 0);
  });

  it('of the same kind are taken from the last', () => {
    assert.equal(given('/**', '/cell/**'), 1);
  });

  it('reads no other meaning into a name than its own', () => {
    assert.equal(given('/cell/a.m/policy'), undefined);
  });

  it('are none where nothing was given', () => {
    const node = { getFullyQualifiedName: () => '/policy', name: () => 'policy' };
    const native = { getParameterOverrides: () => undefined };
    const values = parameterOverrides(node as RosNode, native as unknown as RclNative, {});
    assert.equal(values.size, 0);
  });
});
