import assert from 'node:assert/strict';
import type { LoopSettings } from '../../src/control/loop_interfaces.js';
import { nodeParameters } from '../../src/parameters/node_parameters.js';
import type { ParameterValue } from '../../src/parameters/parameter_declaration.js';
import { loopSettings } from '../../src/ros/loop_settings.js';
import { MANIFEST } from '../control/loop_rig.js';
import { defaultValues } from '../parameters/declared.js';

const SURROUNDINGS = { seed: 3, simTime: false, described: new Map() };

/** Of a policy at 20 Hz. */
function settings(given: Readonly<Record<string, ParameterValue>> = {}): LoopSettings {
  const values = new Map([...defaultValues(['joints', 'extra']), ...Object.entries(given)]);
  return loopSettings(nodeParameters(values), MANIFEST, SURROUNDINGS);
}

describe('loopSettings', () => {
  it('have chunks go on from each other and smooth them, where nothing else is said', () => {
    const { asynchronous, join, smoothingS } = settings();
    assert.deepEqual({ asynchronous, join }, { asynchronous: true, join: 'rtc' });
    assert.equal(smoothingS, 0.6 / 20);
  });

  it('count the smoothing in control periods, at whatever rate', () => {
    assert.equal(settings({ rate_hz: 60 }).smoothingS, 0.6 / 60);
    assert.equal(settings({ rate_hz: 60, smoothing: 1.5 }).smoothingS, 1.5 / 60);
    assert.equal(settings({ smoothing: 0 }).smoothingS, 0);
  });

  it('leave chunks as they are with join replace, unless they are told to smooth them', () => {
    assert.equal(settings({ join: 'replace' }).smoothingS, 0);
    assert.equal(settings({ join: 'replace', smoothing: 0.4 }).smoothingS, 0.4 / 20);
    assert.equal(settings({ join: 'blend' }).smoothingS, 0.6 / 20);
  });
});
