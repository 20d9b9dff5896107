import assert from 'node:assert/strict';
import { CONTROL_ROW } from '../../../src/report/facts/control_plan.js';
import type { ReportFacts } from '../../../src/report/facts/report_facts.js';
import { searchSentences } from '../../../src/report/sections/search_sentence.js';
import {
  controlSentence,
  correctionTable,
} from '../../../src/report/sections/correction_section.js';
import {
  elsewhereSentences,
  elsewhereTable,
} from '../../../src/report/sections/elsewhere_section.js';
import { measuredReport } from '../measured_report.js';

describe('control, correction and observations from elsewhere in a report', function () {
  this.timeout(120_000);
  let facts: ReportFacts;
  before(async () => {
    facts = await measuredReport();
  });
  const row = (name: string): ReportFacts['rows'][number] =>
    facts.rows.find((each) => each.name === name)!;

  it('has a control that evaluates no network, and is recommended nowhere', () => {
    const control = row(CONTROL_ROW);
    assert.equal(facts.control, CONTROL_ROW);
    assert.ok(control.cost < row('searched_1').cost / 3, `costs ${control.cost}`);
    assert.ok(control.error!.rms.value > row('searched_3').error!.rms.value);
    assert.ok(control.time!.median_ms > 0);
    assert.ok(!control.featured && !control.best_at.its_cost && !control.best_at.its_ms);
    assert.equal(control.without_correction, null);
  });

  it('shows the share of a correction with and without it on the same samples', () => {
    for (const name of ['searched_1', 'searched_3']) {
      const { error, without_correction: without } = row(name);
      assert.ok(without!.low < without!.value && without!.value < without!.high, name);
      assert.ok(Math.abs(without!.value / error!.rms.value - 1) > 0.2, `${name} ${without!.value}`);
    }
    assert.equal(row('uniform_s10').without_correction, null);
    assert.deepEqual(
      correctionTable(facts).rows.map(({ cells: [name] }) => name),
      ['searched_1', 'searched_3', CONTROL_ROW],
    );
  });

  it('judges by the control whether the correction counts', () => {
    assert.match(controlSentence(facts), /counts only where .* \(S = 0\) fails/);
    const { rms } = row(CONTROL_ROW).error!;
    const with_ = (difference: number): ReportFacts => ({
      ...facts,
      noise_spread: { ...facts.noise_spread, difference },
    });
    assert.match(controlSentence(with_(rms.low / 2)), /Here it fails: its error is/);
    assert.match(controlSentence(with_(2 * rms.low)), /Here it does not/);
    assert.match(controlSentence({ ...facts, control: null }), /holds no dense runs/);
  });

  it('finds the drift of observations far away, and measures errors there', () => {
    const [far] = facts.elsewhere;
    assert.deepEqual([far!.count, far!.available], [8, 8]);
    const names = facts.rows.filter(({ featured }) => featured).map(({ name }) => name);
    assert.deepEqual(
      far!.rows.map(({ name }) => name),
      [...names, CONTROL_ROW],
    );
    const there = far!.rows.find(({ name }) => name === 'searched_3')!;
    const here = row('searched_3');
    const { value } = here.error!.rms;
    assert.ok(there.error.value > 1.3 * value, `${there.error.value} there, ${value} here`);
    // What was fitted fails there, the network itself does not.
    assert.ok(there.without_correction!.value < 1.3 * here.without_correction!.value);
    assert.equal(there.drift!.beyond, 1);
    // Of eight observations in a row the first three are too few to raise it.
    assert.deepEqual([there.drift!.raised, there.drift!.observations], [5 / 8, 8]);
    assert.ok(here.drift!.beyond < 1);
    assert.equal(far!.rows.find(({ name }) => name === 'uniform_s10')!.drift, null);
    const [sentence] = elsewhereSentences(facts);
    assert.match(sentence!, /^ten times as <far>: plans with a correction have .*x the error/);
    assert.match(sentence!, /their monitors say drift at 62\.5 % of the observations \(here 0/);
    const { rows } = elsewhereTable(facts);
    assert.equal(rows.length, 2 * far!.rows.length);
    assert.equal(rows.filter(({ marked }) => marked).length, far!.rows.length);
  });

  it('says whether a method dominates the curve of the search', () => {
    const sentences = searchSentences(facts).join(' ');
    const { dominated_by: dominated, not_compared: left } = facts.search_curve!;
    for (const { name } of dominated) assert.ok(sentences.includes(name), name);
    for (const name of left) assert.ok(sentences.includes(name), name);
    assert.match(sentences, /simulation\/analysis\/sample_distance\.py/);
    assert.match(
      searchSentences({ ...facts, search_curve: null }).join(' '),
      /No searched plan is among these/,
    );
    const none = searchSentences({
      ...facts,
      search_curve: { ...facts.search_curve!, dominated_by: [] },
    });
    assert.match(none[0]!, /^No method with the solver of dense dominates/);
  });
});
