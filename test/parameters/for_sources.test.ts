import assert from 'node:assert/strict';
import { declaredParameters } from '../../src/parameters/declared_parameters.js';
import { forSources } from '../../src/parameters/for_sources.js';

describe('forSources', () => {
  it('makes the parameters of every source from the templates', () => {
    const made = forSources(declaredParameters(), ['wrist', 'NAME']);
    assert.deepEqual(
      made.map(({ name }) => name),
      ['wrist', 'NAME'].flatMap((source) =>
        ['topic', 'max_age_ms', 'reliability', 'depth'].map((key) => `sources.${source}.${key}`),
      ),
    );
    assert.ok(made.every(({ mapped }) => !mapped));
  });

  it('makes none without sources', () => {
    assert.deepEqual(forSources(declaredParameters(), []), []);
  });
});
