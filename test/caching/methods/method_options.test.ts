import assert from 'node:assert/strict';
import { parseMethodOptions } from '../../../src/caching/methods/method_options.js';
import { METHODS, methodNamed } from '../../../src/caching/methods/methods.js';

describe('options of methods', () => {
  it('are read from key=value', () => {
    const sortblock = methodNamed('sortblock');
    assert.deepEqual(parseMethodOptions(sortblock, ['share=0.3', 'interval=4']), {
      share: '0.3',
      interval: '4',
    });
    assert.deepEqual(parseMethodOptions(sortblock, []), {});
  });

  it('are refused with what there is', () => {
    const taylor = methodNamed('taylor');
    assert.throws(() => parseMethodOptions(taylor, ['order']), /'order' is no key=value/);
    assert.throws(() => parseMethodOptions(taylor, ['order=']), /no key=value/);
    assert.throws(() => parseMethodOptions(taylor, ['share=1']), /it has updates, order/);
    assert.throws(() => parseMethodOptions(methodNamed('dense'), ['a=1']), /it has none/);
  });

  it('each say what they are; every method names its paper or is a baseline', () => {
    for (const { name, summary, paper, options } of METHODS) {
      assert.ok(summary.length > 10, name);
      if (!['uniform', 'dense'].includes(name)) assert.match(paper!.arxiv, /^\d{4}\.\d{5}$/);
      for (const [key, field] of Object.entries(options.shape)) {
        assert.ok((field as { description?: string }).description, `${name}: ${key}`);
      }
    }
    assert.equal(new Set(METHODS.map(({ name }) => name)).size, METHODS.length);
  });
});
