import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../../src/caching/plan.js';
import { type Refusal, itRefuses } from '../support/cli_refusals.js';
import { type Fixture, fixture } from '../support/fixtures.js';
import { planFor } from '../support/plans.js';
import { bacLike } from '../support/schedules.js';

/** Commands in turn, so that each reads some of the bad plans. */
const COMMANDS = ['run', 'compile', 'bench'] as const;
type JsonPlan = Record<string, unknown> & { blocks: Record<string, unknown>[] };

describe('bad input: plans', () => {
  let full: Fixture;
  let other: Fixture;
  before(async () => {
    full = await fixture('full');
    other = await fixture('model_only');
  });

  let turn = 0;
  /** Any command with a plan file that `damage` has changed. */
  const refused = (says: RegExp, damage: (path: string) => void): Refusal => {
    const command = COMMANDS[turn++ % COMMANDS.length]!;
    return {
      says,
      prepare: (directory, outputs) => {
        const path = join(directory, 'plan.json');
        writeFileSync(path, JSON.stringify(planFor(full.policy, bacLike(6, 20, 3, 1))));
        damage(path);
        const output = join(outputs, 'out');
        const policy = full.policy.directory;
        return {
          run: ['run', policy, '--input', full.vectorsPath, '--output', output, '--plan', path],
          compile: ['compile', policy, '--output', output, '--plan', path],
          bench: ['bench', policy, '--chunks', '1', '--json', '--plan', path],
        }[command];
      },
    };
  };
  const changed = (says: RegExp, change: (plan: JsonPlan) => void): Refusal =>
    refused(says, (path) => {
      const plan = JSON.parse(readFileSync(path, 'utf8')) as JsonPlan;
      change(plan);
      writeFileSync(path, JSON.stringify(plan));
    });

  itRefuses({
    'for another policy': refused(/plan\.json: is a plan for another policy/, (path) => {
      const plan: Plan = planFor(other.policy, bacLike(6, 20, 3, 1));
      writeFileSync(path, JSON.stringify(plan));
    }),
    'cut off': refused(/plan\.json: is not JSON/, (path) => truncateSync(path, 200)),
    'of another version': changed(/plan\.json: format/, (plan) => {
      plan['format'] = 'bac_policy/plan@2';
    }),
    'with an unknown field': changed(/plan\.json: .*"colour"/, (plan) => {
      plan['colour'] = 'red';
    }),
    'with a predictor of a later version': changed(
      /plan\.json: blocks\.1\.predict\.kind: Invalid discriminator value/,
      (plan) => {
        plan.blocks[1]!['predict'] = { kind: 'affine' };
      },
    ),
    'for more steps': changed(/plan\.json: has 21 steps, the policy only 20/, (plan) => {
      plan['steps'] = 21;
    }),
    'without one of the blocks': changed(
      /plan\.json: has no schedule for block 1\.feed_forward/,
      (plan) => plan.blocks.pop(),
    ),
    'with a block that the policy does not have': changed(/plan\.json: schedules a layer/, (plan) =>
      plan.blocks.push({ ...plan.blocks[0], layer: 2 }),
    ),
    'with a block twice': changed(/plan\.json: blocks\.6: repeats block 0\./, (plan) =>
      plan.blocks.push(plan.blocks[0]!),
    ),
    'with nothing stored at the first step': changed(
      /plan\.json: blocks\.0\.updates\.0: is not 0/,
      (plan) => {
        plan.blocks[0]!['updates'] = [1, 5];
      },
    ),
    'with updates out of order': changed(/plan\.json: blocks\.2\.updates\.2/, (plan) => {
      plan.blocks[2]!['updates'] = [0, 7, 7];
    }),
    'with a step that does not exist': changed(/plan\.json: blocks\.2\.updates: .*20/, (plan) => {
      plan.blocks[2]!['updates'] = [0, 20];
    }),
  });
});
