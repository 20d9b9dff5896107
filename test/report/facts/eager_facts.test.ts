import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadInput } from '../../../src/errors.js';
import { eagerFacts } from '../../../src/report/facts/eager_facts.js';
import { temporaryDirectory } from '../../support/temporary_directory.js';

describe('eagerFacts', () => {
  const directory = temporaryDirectory();
  const file = (text: string): string => {
    const path = join(directory, 'bench.json');
    writeFileSync(path, text);
    return path;
  };
  const row = (name: string, engine: string, median: number): unknown => ({
    ...{ name, engine, threads: 1, median_ms: median, p90_ms: 99, p99_ms: 99, cost: 1 },
    ...{ error_rms: 0, load_ms: null },
  });
  const bench = (...rows: unknown[]): string =>
    file(JSON.stringify({ rows, skipped: [], rss_mb: 1 }));

  it('takes both dense medians of one bench', async () => {
    const path = bench(
      row('dense', 'compiled', 20),
      row('plan.json', 'compiled', 2),
      row('dense', 'eager', 50),
      row('dense', 'torch-compile', 30),
    );
    assert.deepEqual(await eagerFacts(path), { file: path, eager_ms: 50, dense_ms: 20 });
  });

  it('says what is missing', async () => {
    const refused = (what: RegExp) => (error: unknown) =>
      error instanceof BadInput && what.test(error.message);
    await assert.rejects(
      eagerFacts(bench(row('dense', 'compiled', 20))),
      refused(/no row of dense by eager/),
    );
    await assert.rejects(eagerFacts(file('{')), refused(/is not JSON/));
    await assert.rejects(eagerFacts(file('{"rows": 3}')), refused(/rows/));
  });
});
