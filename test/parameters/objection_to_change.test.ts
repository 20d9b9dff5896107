import assert from 'node:assert/strict';
import { declaredParameters } from '../../src/parameters/declared_parameters.js';
import { objectionToChange } from '../../src/parameters/objection_to_change.js';
import { declared } from './declared.js';

describe('objectionToChange', () => {
  it('names the service that does it where one does', () => {
    for (const name of ['policy', 'plan', 'preset']) {
      assert.equal(
        objectionToChange(declared(name), { current: 'a', next: 'b', configured: true }),
        `${name} can be changed only while the node is unconfigured; ~/load_policy changes it at run time`,
      );
    }
  });

  it('has none while the node is unconfigured', () => {
    const change = { current: 1, next: 2, configured: false };
    assert.equal(objectionToChange(declared('threads'), change), undefined);
    assert.equal(
      objectionToChange(declared('threads'), { ...change, configured: true }),
      'threads can be changed only while the node is unconfigured',
    );
  });

  it('has none to what may be changed at any time', () => {
    const change = { current: [], next: [1, 2], configured: true };
    assert.equal(objectionToChange(declared('limits.velocity'), change), undefined);
  });

  it('keeps peers from what is given at the start and from what the node writes', () => {
    for (const configured of [false, true]) {
      assert.equal(
        objectionToChange(declared('autostart'), { current: false, next: true, configured }),
        'autostart is read only: give it when the node is started',
      );
      assert.equal(
        objectionToChange(declared('source_names'), { current: [], next: ['a'], configured }),
        'source_names is written by the node when it loads a policy',
      );
    }
  });

  it('has none to setting any parameter to what it is', () => {
    for (const declaration of declaredParameters()) {
      const current = declaration.defaultValue;
      const next = structuredClone(current);
      assert.equal(
        objectionToChange(declaration, { current, next, configured: true }),
        undefined,
        declaration.name,
      );
    }
  });
});
