import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bagSummary } from '../../src/bag/bag_summary.js';

describe('make demo', function () {
  this.timeout(600_000);
  let directory: string;
  let printed: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'bac_policy demo '));
    const run = spawnSync(process.execPath, ['demo/run_demo.mjs', directory], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    printed = run.stdout;
  });

  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('ends by saying what happened, with its numbers, and where to look', () => {
    const end = printed.slice(printed.indexOf('What happened')).replaceAll(/\s+/g, ' ');
    assert.match(end, /made 22 chunks of 8 actions from 3 recorded episodes, dense/);
    const dense = Number(/Dense, a chunk takes ([\d.]+) ms/.exec(end)?.[1]);
    const noise = Number(/different noise are ([\d.]+) mrad/.exec(end)?.[1]);
    const plans = [
      ...end.matchAll(/A chunk takes ([\d.]+) ms, .*? targets are ([\d.]+) mrad/g),
    ].map(([, ms, mrad]) => ({ ms: Number(ms), mrad: Number(mrad) }));
    assert.equal(plans.length, 3);
    const times = [dense, ...plans.map(({ ms }) => ms)];
    assert.deepEqual(
      times,
      times.toSorted((a, b) => b - a),
      "dense, the paper's plan, balanced, fast",
    );
    for (const { mrad } of plans) {
      assert.ok(mrad > 0 && mrad < noise, `${mrad} mrad, between noises ${noise} mrad`);
    }
    assert.ok(end.includes(join(directory, 'index.html')));
  });

  it('makes a page with all charts that fetches nothing', () => {
    const page = readFileSync(join(directory, 'index.html'), 'utf8');
    assert.equal(page.match(/<svg /g)?.length, 12, 'times, three plans and 8 joints');
    assert.equal(page.match(/<img [^>]*src="data:image\/webp;base64,/g)?.length, 2, 'two cameras');
    const text = page.replaceAll(/src="data:[^"]*"/g, '');
    assert.doesNotMatch(text, /<script|NaN|undefined|Infinity|\[object/);
    assert.doesNotMatch(
      text.replaceAll(/xmlns(:\w+)?="[^"]*"/g, ''),
      /https?:|src=|@import|url\(h/,
    );
  });

  it('keeps the trajectories as bags', async () => {
    const { topics } = await bagSummary(join(directory, 'balanced'));
    assert.deepEqual(
      topics.map(({ topic, messages }) => [topic, messages]),
      [
        ['/policy/action_chunk', 22],
        ['/policy/joint_trajectory', 22],
      ],
    );
  });
});
