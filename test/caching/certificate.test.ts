import assert from 'node:assert/strict';
import { certificateOf } from '../../src/caching/certificate.js';
import type { Plan } from '../../src/caching/plan.js';
import { describePlan } from '../../src/cli/descriptions/describe_plan.js';
import { BadInput } from '../../src/errors.js';
import { certificateWith } from '../support/certificate.js';
import { planFor } from '../support/plans.js';
import { randomPolicy } from '../support/random_policy.js';
import { unified } from '../support/schedules.js';

async function planWith(measured: Record<string, unknown> | undefined): Promise<Plan> {
  return { ...planFor(await randomPolicy(), unified(6, [0, 9])), ...(measured && { measured }) };
}

describe('the certificate of a plan', () => {
  it('survives being written and read', async () => {
    const certificate = certificateWith();
    const text = JSON.stringify(await planWith(certificate));
    assert.deepEqual(certificateOf(JSON.parse(text) as Plan, 'plan.json'), certificate);
  });

  it('is missing where nothing, or something else, was measured', async () => {
    for (const measured of [undefined, {}, { rmse: 0.1 }, { format: 'elsewhere@2', rmse: 'x' }]) {
      assert.equal(certificateOf(await planWith(measured), 'plan.json'), undefined);
    }
  });

  it('is refused when a field is wrong or unknown, which is named', async () => {
    const good = certificateWith();
    for (const [damage, named] of [
      [{ cost: -1 }, /measured: cost/],
      [{ seed: undefined }, /measured: seed/],
      [{ rmse: 0.1 }, /rmse/],
      [{ held_out: { ...good.held_out!, episodes: [] } }, /held_out\.episodes/],
    ] as const) {
      const plan = await planWith({ ...good, ...damage });
      assert.throws(
        () => certificateOf(plan, 'plan.json'),
        (error) => error instanceof BadInput && named.test(error.message),
      );
    }
  });

  it('is shown by inspect', async () => {
    const drift = {
      observations: 40,
      beyond: 0.025,
      pictures: { front: { seen: 80, beyond: 0.05 } },
    };
    const certificate = { ...certificateWith(0.0125), drift };
    const file = { sha256: 'b'.repeat(64), constants: new Map() };
    const shown = describePlan('plan.json', { plan: await planWith(certificate), ...file });
    for (const line of [
      /^what it was fitted on +40 +40 +0\.01\d* +0\.0\d+ to 0\.0\d+ /m,
      /^held out +40 /m,
      /^without its correction +0\.09$/m,
      /^in real-time chunking +0\.006$/m,
      /^affine policy without a network +0\.5$/m,
      /^finger +m +0\.01\d* +\d+\.\d %$/m,
      /differ by 0\.03 \(a standard deviation of 0\.02\)/,
      /measured 5\.2 ms a chunk \(p90 5\.9\), predicted 5\.5 ms, 2\.00 % of/,
      /takes 2\.5 % of 40 held-out observations for unusual, 5\.0 % of the pictures of front\./,
      /Made by: bac-policy plan DIR --method search/,
    ]) {
      assert.match(shown.text, line);
    }
    const without = describePlan('plan.json', { plan: await planWith({ note: 1 }), ...file });
    assert.doesNotMatch(without.text, /dense policy/);
  });
});
