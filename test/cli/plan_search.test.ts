import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Calibration } from '../../src/caching/calibration.js';
import { certificateOf } from '../../src/caching/certificate.js';
import type { MadePlan } from '../../src/caching/methods/method.js';
import { updateShare } from '../../src/caching/plan.js';
import { calibratePolicy } from '../../src/cli/calibrate.js';
import { errorOption, type SearchOptions, searchedPlan } from '../../src/cli/search_plan.js';
import { BadInput } from '../../src/errors.js';
import { readCalibration } from '../../src/policy/calibration_file.js';
import { readPlanFor } from '../../src/policy/plan_file.js';
import type { PolicyPackage } from '../../src/policy/policy_package.js';
import { floatTensor, writeSafetensors } from '../../src/policy/safetensors.js';
import { PlanCost } from '../../src/search/plan_cost.js';
import { PlanSearch } from '../../src/search/plan_search.js';
import { PlanTime } from '../../src/search/plan_time.js';
import { noWorseThanBac } from '../../src/search/search_run.js';
import { randomInputs, randomPolicy } from '../support/random_policy.js';
import { startCli } from './run_cli.js';

const SAMPLES = 24;
const STEPS = 8;

describe('bac-policy plan --method search', () => {
  let policy: PolicyPackage;
  let calibration: Calibration;
  const at = (name: string): string => join(policy.directory, name);
  before(async () => {
    policy = await randomPolicy({ noise_scheduler: { steps: STEPS, train_steps: STEPS } });
    const { n_obs_steps: window, condition_dim: width } = policy.manifest.architecture;
    await writeSafetensors(at('vectors'), [
      [
        'condition',
        floatTensor([SAMPLES, window, width], randomInputs(policy, SAMPLES, 3).condition),
      ],
      [
        'episode',
        {
          dtype: 'I64',
          shape: [SAMPLES],
          data: BigInt64Array.from({ length: SAMPLES }, (_, i) => BigInt(i >> 1)),
        },
      ],
    ]);
    await calibratePolicy(policy.directory, {
      output: at('calibration'),
      vectors: at('vectors'),
      ...{ samples: 8, trajectories: SAMPLES, seed: 0, threads: 1, remap: new Map() },
    });
    calibration = await readCalibration(at('calibration'));
  });

  const search = (options: Partial<SearchOptions>): Promise<MadePlan> =>
    searchedPlan(policy, calibration, at('calibration'), {
      ...{ output: at('plan.json'), seed: 0, weight: new Map(), threads: 1 },
      ...options,
    });
  const refused = (options: Partial<SearchOptions>, message: RegExp): Promise<void> =>
    assert.rejects(
      search(options),
      (error) =>
        error instanceof BadInput && message.test(error.message) && !error.message.includes('\n'),
    );
  /** Budget that so many evaluations fit in. */
  const costOf = (evaluations: number): number => {
    const cost = new PlanCost(policy);
    return cost.affine(evaluations) / cost.dense;
  };
  const evaluationsOf = ({ plan }: MadePlan): number => plan.method.updates!;

  describe('obeys', () => {
    it('a budget of cost', async () => {
      const made = await search({ budgetCost: costOf(2) });
      assert.ok(evaluationsOf(made) <= 2, `${evaluationsOf(made)}`);
      const { cost } = certificateOf(made.plan, 'plan')!;
      assert.ok(cost <= costOf(2) * (1 + 1e-9), `${cost}`);
      await refused({ budgetCost: 0.01 }, /^--budget-cost: 0\.01 is less than one evaluation/);
    });

    it('a budget of time', async () => {
      const time = await PlanTime.open(policy, 1);
      const [one, three] = [1, 3].map((count) => time.predictMs(count, { kind: 'fp32' }));
      assert.equal(time.mostEvaluations(three! + 1e-6, { kind: 'fp32' }), 3);
      const made = await search({ budgetMs: three! + 1e-6 });
      assert.ok(evaluationsOf(made) <= 3);
      const { predicted_ms: predicted } = certificateOf(made.plan, 'plan')!;
      assert.ok(predicted! > 0);
      await refused({ budgetMs: one! / 1000 }, /^--budget-ms: .* is less than one evaluation/);
    });

    it('a limit of the error, with as few evaluations as reach it', async () => {
      const loose = await search({ maxError: 1000 });
      assert.equal(evaluationsOf(loose), 1);
      // Between what one and what four evaluations reach, as the search itself saw it.
      const errors: number[] = [];
      for (const [name, budgetCost] of [
        ['one', costOf(1)],
        ['four', costOf(4)],
      ] as const) {
        await search({ budgetCost, output: at(`${name}.json`) });
        const { outcomes } = JSON.parse(readFileSync(at(`${name}.search.json`), 'utf8')) as {
          outcomes: Record<string, { error: number }>;
        };
        errors.push(Math.min(...Object.values(outcomes).map(({ error }) => error)));
      }
      const [one, four] = errors as [number, number];
      assert.ok(four < one);
      const made = await search({ maxError: (one + four) / 2 });
      assert.ok(evaluationsOf(made) > 1 && evaluationsOf(made) <= 4, `${evaluationsOf(made)}`);
      await refused({ maxError: 1e-9 }, /^--max-error: no plan reaches this error; allow more/);
    });

    it('one budget at a time, of calibrations that hold dense runs', async () => {
      await refused({ budgetCost: 0.1, maxError: 1 }, /several budgets; give one/);
      await refused({ weight: new Map([['elbow', 2]]) }, /^--weight: there is no joint 'elbow'/);
      const { trajectories, ...bare } = calibration;
      assert.ok(trajectories);
      const options = { output: at('no.json'), seed: 0, weight: new Map(), threads: 1 };
      await assert.rejects(
        searchedPlan(policy, bare, 'old.cal', options),
        /old\.cal: holds no dense runs, which search needs/,
      );
    });

    it('errors in units', () => {
      assert.deepEqual(['5mrad', '0.5 rad', '2mm', '0.1'].map(errorOption), [5e-3, 0.5, 2e-3, 0.1]);
      assert.throws(() => errorOption('five'), /above 0/);
    });
  });

  it('is never worse than BAC at its cost', async () => {
    const { action_dim: actions } = policy.manifest.architecture;
    const weights = Array<number>(actions).fill(1);
    const opened = await PlanSearch.open(policy, calibration.trajectories!, {
      weights,
      threads: 1,
    });
    try {
      const outcome = await opened.carryOut({
        evaluations: [0, 3, 5, 7],
        lookAhead: [0, 0, 0, 0],
        fall: 0.5,
      });
      const made = (error: number, most?: number): Promise<MadePlan> => {
        const search = {
          folds: opened.folds,
          carryOut: () => Promise.resolve({ ...outcome, error }),
        };
        const [found, like] = [{ ...outcome, error }, search as unknown as PlanSearch];
        return noWorseThanBac(policy, calibration, like, found, 0.5, {
          ...{ threads: 1, weights },
          ...(most !== undefined && { most }),
        });
      };
      const worse = await made(Infinity);
      assert.equal(worse.plan.method.name, 'bac');
      assert.ok(updateShare(worse.plan) <= 0.5);
      assert.equal((await made(0)).plan.method.name, 'search');
      // Nor at more multiply-adds than it may take.
      const { dense } = new PlanCost(policy);
      assert.equal((await made(Infinity, 0.05 * dense)).plan.method.name, 'search');
    } finally {
      await opened.close();
    }
  });

  it('makes a plan of the best so far at Ctrl-C, and goes on from there', async () => {
    const args = ['plan', policy.directory, '--method', 'search', '--budget-cost', `${costOf(3)}`];
    const output = (name: string): string[] => ['--calibration', at('calibration'), '-o', at(name)];
    const memory = at('cut.search.json');
    const started = startCli([...args, ...output('cut.json')]);
    // It is there as soon as searching begins.
    while (!existsSync(memory)) await sleep(20);
    started.process.kill('SIGINT');
    const { status, stderr } = await started.result;
    assert.equal(status, 0, stderr);
    assert.match(stderr, /interrupted: the best so far becomes the plan/);
    const cut = await readPlanFor(at('cut.json'), policy);
    assert.ok(certificateOf(cut.plan, 'cut.json')!.calibration.error.rms.value > 0);

    const resumed = await search({ budgetCost: costOf(3), output: at('on.json'), resume: memory });
    const whole = await search({ budgetCost: costOf(3), output: at('whole.json') });
    assert.deepEqual(resumed.plan.blocks, whole.plan.blocks);
    assert.equal(readFileSync(at('on.search.json'), 'utf8').length > 100, true);
  });

  it('refuses a memory that is damaged, missing or of something else', async () => {
    await search({ budgetCost: costOf(1), output: at('one.json') });
    const text = readFileSync(at('one.search.json'), 'utf8');
    writeFileSync(at('half.search.json'), text.slice(0, text.length / 2));
    await refused({ resume: at('half.search.json') }, /half\.search\.json: is not JSON/);
    await refused(
      { resume: at('one.search.json'), weight: new Map([['0', 3]]) },
      /of another policy, calibration or weights/,
    );
    await refused({ resume: at('none.search.json') }, /does not exist; leave out --resume/);
  });

  it('says in one line that a calibration ends in the middle', async () => {
    const bytes = readFileSync(at('calibration'));
    for (const length of [4, 1000, bytes.length - 7]) {
      writeFileSync(at('cut.cal'), bytes.subarray(0, length));
      await assert.rejects(
        readCalibration(at('cut.cal')),
        (error) => error instanceof BadInput && /^.*cut\.cal: [^\n]+$/.test(error.message),
      );
    }
  });
});
