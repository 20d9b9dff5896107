import assert from 'node:assert/strict';
import { parseManifest, type PolicyManifest } from '../../src/policy/manifest.js';
import { denoisingSteps } from '../../src/policy/noise_schedule.js';
import { FUZZ_RUNS, isRefused } from '../support/fuzz.js';
import { fixture } from '../support/fixtures.js';
import { SeededRandom } from '../support/seeded_random.js';

/** What a field is replaced by. */
const VALUES: readonly unknown[] = [
  ...[null, true, -1, 0, 0.5, 1, 2, 3, 16, 1e9, 2 ** 53, 1e308, -1e308, 1e-320],
  ...['', 'ddpm', 'ddim', 'sample', 'v_prediction', '../../etc/passwd', 'x'.repeat(10_000), '\n'],
  ...[[], [0], [1, 2, 3], Array(1000).fill(1), {}, { toString: 1 }, { __proto__: null, a: 1 }],
];

/** A copy of a manifest in which 1 to 3 random places differ. */
function damaged(manifest: PolicyManifest, random: SeededRandom): unknown {
  const copy = structuredClone(manifest) as unknown;
  for (let places = 1 + random.below(3); places > 0; places--) {
    let at = copy as Record<string, unknown>;
    for (;;) {
      const keys = Object.keys(at);
      if (keys.length === 0) break;
      const key = keys[random.below(keys.length)]!;
      const next = at[key];
      if (typeof next === 'object' && next !== null && random.below(4) > 0) {
        at = next as Record<string, unknown>;
        continue;
      }
      const kind = random.below(8);
      if (kind === 0) Reflect.deleteProperty(at, key);
      else if (kind === 1) at['unknown'] = next;
      else at[key] = structuredClone(VALUES[random.below(VALUES.length)]);
      break;
    }
  }
  return copy;
}

describe('damaged manifests', function () {
  this.timeout(Math.max(60_000, FUZZ_RUNS * 10));

  it('are refused, or can be computed with', async () => {
    const { manifest } = (await fixture('ddim')).policy;
    const random = new SeededRandom(21);
    let refused = 0;
    for (let i = 0; i < FUZZ_RUNS; i++) {
      const input = damaged(manifest, random);
      const isBad = isRefused(JSON.stringify(input), () => {
        const { noise_scheduler: scheduler } = parseManifest(input, 'policy.json');
        const numbers = denoisingSteps(scheduler).flatMap((step) => Object.values(step));
        assert.ok(numbers.every(Number.isFinite), JSON.stringify(scheduler));
      });
      if (isBad) refused++;
    }
    assert.ok(refused > FUZZ_RUNS / 2, `${refused} of ${FUZZ_RUNS} refused`);
    assert.ok(refused < FUZZ_RUNS, 'some damage is not seen');
  });
});
