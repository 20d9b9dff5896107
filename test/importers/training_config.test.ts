import assert from 'node:assert/strict';
import { BadInput } from '../../src/errors.js';
import { configValueOf } from '../../src/importers/config_value.js';
import { PickleGlobal, PickleObject, type PickleValue } from '../../src/importers/pickle_values.js';
import { configFrom } from './config_from.js';

describe('training config', () => {
  const config = configFrom({
    horizon: 10,
    n_obs_steps: 2,
    latency: 0,
    as_cond: true,
    task: { shape_meta: { obs: { x: { shape: '${task.image_shape}' } } }, image_shape: [3, 4, 5] },
    shape_meta: '${task.shape_meta}',
    policy: {
      _target_: 'a.b.SomePolicy',
      horizon: '${horizon}',
      n_action_steps: "${eval:'${n_obs_steps}+${latency}'}",
      input_dim: "${eval:'${horizon} if ${as_cond} else ${n_obs_steps} + ${horizon}'}",
      sibling: '${.horizon}',
      uncle: '${..n_obs_steps}',
      shape_meta: '${shape_meta}',
      name: 'run_${horizon}_${as_cond}',
      missing: '???',
      nothing: null,
      null_reference: '${policy.nothing}',
    },
    when: '${now:%Y}',
    lost: '${no.such.key}',
    circle: '${circle}',
    a: '${b}${b}',
    b: '${a}${a}',
    brace: 'x ${ y',
  });

  it('resolves interpolations where they are asked for', () => {
    assert.equal(config.integer('policy.horizon'), 10);
    assert.equal(config.integer('policy.n_action_steps'), 2);
    assert.equal(config.integer('policy.input_dim'), 10);
    assert.equal(config.integer('policy.sibling'), 10);
    assert.equal(config.integer('policy.uncle'), 2);
    assert.equal(config.value('policy.name'), 'run_10_True');
    assert.deepEqual(config.integers('policy.shape_meta.obs.x.shape'), [3, 4, 5]);
    assert.deepEqual(config.keys('policy.shape_meta.obs'), ['x']);
    assert.equal(config.className('policy'), 'SomePolicy');
  });

  it('takes the default where a key is absent, null or ???', () => {
    for (const key of [
      'policy.none',
      'policy.missing',
      'policy.nothing',
      'policy.null_reference',
    ]) {
      assert.equal(config.integer(key, 7), 7, key);
    }
    assert.throws(() => config.integer('policy.none'), /cfg\.policy\.none is missing/);
  });

  it('says which key cannot be resolved', () => {
    const refuses = (key: string, expected: RegExp): void => {
      assert.throws(
        () => config.value(key),
        (error) => error instanceof BadInput && expected.test(error.message),
      );
    };
    refuses('when', /cfg\.when needs \$\{now:%Y\}/);
    refuses('lost', /cfg\.lost refers to \$\{no\.such\.key\}/);
    refuses('circle', /cfg\.circle refers to itself/);
    refuses('a', /refers to itself/);
    refuses('brace', /cannot be read/);
  });

  it('says which value is of the wrong kind', () => {
    assert.throws(() => config.integer('as_cond'), /cfg\.as_cond is true, not a whole number/);
    assert.throws(() => config.boolean('horizon', true), /cfg\.horizon is 10, not true or false/);
    assert.throws(() => config.choice('horizon', ['a', 'b'], 'a'), /supported are a, b/);
    assert.throws(() => config.number('policy', 0), /a dictionary, not a finite number/);
  });
});

describe('config value', () => {
  const node = (type: string, state: Record<string, PickleValue>): PickleObject => {
    const object = new PickleObject(new PickleGlobal('omegaconf.nodes', type), []);
    object.state = new Map(Object.entries(state));
    return object;
  };

  it('unwraps what OmegaConf pickles', () => {
    const list = node('ListConfig', { _content: [node('IntegerNode', { _val: 3 })] });
    const unwrapped = configValueOf(node('DictConfig', { _content: new Map([['a', list]]) }), 'x');
    assert.deepEqual(unwrapped, new Map([['a', [3]]]));
    const path = new PickleObject(new PickleGlobal('pathlib', 'PosixPath'), ['/']);
    assert.equal(configValueOf(path, 'x'), null);
  });

  it('refuses cycles and references that unfold without end', () => {
    const cycle = node('DictConfig', {});
    (cycle.state as Map<string, PickleValue>).set('_content', cycle);
    assert.throws(() => configValueOf(cycle, 'x'), BadInput);
    let wide: PickleValue = [];
    for (let i = 0; i < 40; i++) wide = [wide, wide];
    assert.throws(() => configValueOf(wide, 'x'), /too deep or too large/);
  });
});
