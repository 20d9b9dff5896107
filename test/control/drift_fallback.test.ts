import assert from 'node:assert/strict';
import { DriftFallback } from '../../src/control/drift_fallback.js';

const CALM_MS = 1000;

describe('the fall-back at drift', () => {
  it('falls back once at drift and returns once all has been calm for long enough', () => {
    const fallback = new DriftFallback();
    assert.equal(fallback.decide('ok', CALM_MS, 0), undefined);
    assert.equal(fallback.decide('warn', CALM_MS, 100), undefined);
    assert.equal(fallback.decide('drift', CALM_MS, 200), 'fall back');
    assert.equal(fallback.decide('drift', CALM_MS, 300), undefined, 'under way');
    fallback.done();
    assert.equal(fallback.state, 'fallen back');
    assert.equal(fallback.decide('ok', CALM_MS, 400), undefined);
    assert.equal(fallback.decide('warn', CALM_MS, 900), undefined, 'calm no more');
    assert.equal(fallback.decide('ok', CALM_MS, 1000), undefined);
    assert.equal(fallback.decide('ok', CALM_MS, 1999), undefined);
    assert.equal(fallback.decide('ok', CALM_MS, 2000), 'return');
    assert.equal(fallback.decide('drift', CALM_MS, 2100), undefined, 'under way');
    fallback.done();
    assert.equal(fallback.state, 'off');
    assert.equal(fallback.decide('drift', CALM_MS, 2200), 'fall back');
  });

  it('tries again after a while what could not be done, in either direction', () => {
    const fallback = new DriftFallback();
    assert.equal(fallback.decide('drift', CALM_MS, 0), 'fall back');
    fallback.failed(500);
    assert.equal(fallback.state, 'off');
    assert.equal(fallback.decide('drift', CALM_MS, 600), undefined);
    assert.equal(fallback.decide('drift', CALM_MS, 1500), 'fall back');
    fallback.done();
    assert.equal(fallback.decide('ok', 0, 1600), 'return');
    fallback.failed(1700);
    assert.equal(fallback.state, 'fallen back');
    assert.equal(fallback.decide('ok', CALM_MS, 2600), undefined);
    assert.equal(fallback.decide('ok', CALM_MS, 2700), 'return');
  });

  it('begins anew with another plan', () => {
    const fallback = new DriftFallback();
    fallback.decide('drift', CALM_MS, 0);
    fallback.done();
    fallback.reset();
    assert.equal(fallback.state, 'off');
    assert.equal(fallback.decide('ok', CALM_MS, 5000), undefined);
  });
});
