import assert from 'node:assert/strict';
import type { BenchRow } from '../../src/bench/measure.js';
import { blocksOf } from '../../src/caching/blocks.js';
import type { Plan } from '../../src/caching/plan.js';
import type { PlanFile } from '../../src/policy/plan_file.js';
import { type PlanReplay, replayFacts } from '../../src/report/replay_facts.js';
import { replayPage } from '../../src/report/replay_page.js';
import { replayWords } from '../../src/report/replay_words.js';
import { updateRaster } from '../../src/report/update_raster.js';
import { motionOf } from './motion.js';

const PLAN: Plan = {
  format: 'bac_policy/plan@1',
  policy_sha256: '0'.repeat(64),
  steps: 10,
  solver: { kind: 'ddpm' },
  method: { name: 'bac', updates: 2, bubbling_blocks: 1, metric: 'cosine' },
  blocks: blocksOf(2).map((block) => ({
    ...block,
    updates: [0, 4 + block.layer],
    predict: { kind: 'reuse' },
  })),
  numerics: { kind: 'fp32' },
};
const DENSE: BenchRow = {
  name: 'dense',
  engine: 'compiled',
  threads: 1,
  median_ms: 80,
  p90_ms: 90,
  p99_ms: 100,
  own_ms: 80,
  cost: 1,
  error_rms: 0,
  load_ms: 1,
};
const CACHED: BenchRow = {
  ...DENSE,
  name: 'p.json',
  median_ms: 10,
  own_ms: 10,
  p90_ms: 11,
  cost: 0.2,
};
const REPLAYS = {
  dense: motionOf([[[0, 0, 0.04]], [[0, 0, 0]]]),
  cached: motionOf([[[0.003, 0, 0.04]], [[0, 0.004, 0]]]),
  otherNoise: motionOf([[[0.02, 0.02, 0.04]], [[0.02, 0.02, 0.002]]]),
};
const UNITS = ['rad', 'rad', 'm'];
const file = (plan: Plan): PlanFile => ({ plan, sha256: '', constants: new Map() });
const SEARCHED: Plan = {
  ...PLAN,
  method: { name: 'search', updates: 2 },
  correction: { kind: 'affine' },
  blocks: PLAN.blocks.map((block) => ({ ...block, updates: [0, 4] })),
};
const PLANS: PlanReplay[] = [
  { label: 'The one', file: file(PLAN), motion: REPLAYS.cached, bench: CACHED },
  { label: 'The other', file: file(SEARCHED), motion: REPLAYS.otherNoise, bench: CACHED },
];
const facts = replayFacts(UNITS, REPLAYS, PLANS, DENSE, 2);

describe('replay page', () => {
  it('brings joints of the same unit together', () => {
    const [one] = facts.plans;
    assert.deepEqual(
      one!.units.map(({ name, unit, max }) => [name, unit, max]),
      [
        ['2 joints', 'mrad', 4],
        ['c', 'mm', 0],
      ],
    );
    // Two of four angles differ, by 3 and 4 mrad.
    assert.ok(Math.abs(one!.units[0]!.rms - 2.5) < 1e-9);
    assert.ok(Math.abs(facts.otherNoise.units[0]!.rms - 20) < 1e-9);
  });

  it('says in words what was measured', () => {
    const words = replayWords(facts).join(' ');
    for (const part of [
      '2 chunks of 1 actions from 2 recorded episodes',
      'Dense, a chunk takes 80.0 ms (1 thread, compiled, as if nothing else ran)',
      'The one (bac_s2_n1_cosine) computes 20.0 % of the blocks: 20.0 % of the multiply-adds',
      'A chunk takes 10.0 ms, 8.0 times faster',
      '2.50 mrad and 0.000 mm from the dense ones (root mean square; at most 4.00 mrad and 0.000 mm)',
      'The other (search_s2_affine) evaluates the network at 2 of 10 steps',
      'from different noise are 20.0 mrad and ',
    ]) {
      assert.ok(words.includes(part), `${part} in: ${words}`);
    }
  });

  it('marks every update of the plan, and no other step', () => {
    const marks = updateRaster(PLAN).match(/<path d="M[^"]+" fill="#(0072b2|007d5b|bf4f00)"/g);
    assert.equal(marks?.length, 12);
  });

  it('is one file without script, with a chart of every joint', () => {
    const page = replayPage({
      title: 'a <title>',
      facts,
      dense: REPLAYS.dense,
      motions: PLANS.map(({ motion }) => motion),
      films: [],
      sent: REPLAYS.otherNoise,
      units: UNITS,
      notes: ['1 < 2'],
    });
    assert.ok(page.includes('<h1>a &lt;title&gt;</h1>'));
    assert.ok(page.includes('1 &lt; 2'));
    assert.equal(page.match(/<svg /g)?.length, 1 + PLANS.length + UNITS.length);
    assert.doesNotMatch(page, /<script|NaN|undefined|Infinity|\[object/);
    assert.doesNotMatch(
      page.replaceAll(/xmlns(:\w+)?="[^"]*"/g, ''),
      /https?:|src=|@import|url\(h/,
    );
  });
});
