import { readFileSync } from 'node:fs';
import { programFor } from '../support/programs.js';
import { openInterpreter } from '../../src/inference/interpreter.js';
import { assertClose } from '../support/assert_close.js';
import { runCompiled, runInterpreter } from '../support/engines.js';
import { type FixtureName, fixture } from '../support/fixtures.js';

/** What eager PyTorch with the authors' way of caching makes of a plan, see make_cached_samples.py. */
interface Recorded {
  readonly fixture: FixtureName;
  readonly updates: readonly (readonly number[])[];
  readonly sample: readonly number[];
}

const RECORDED = readFileSync('test/inference/cached_samples.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

describe('cached policies against PyTorch with block-wise caching', () => {
  for (const { fixture: name, updates, sample } of RECORDED) {
    it(name, async () => {
      const { policy, inputs } = await fixture(name);
      const interpreter = await openInterpreter(policy, { threads: 1, batch: inputs.samples });
      assertClose(
        await runInterpreter(interpreter, programFor(policy, updates), inputs),
        sample,
        1e-4,
        'block by block',
      );
      await interpreter.close();
      const compiled = await runCompiled(policy, updates, inputs);
      assertClose(compiled.sample, sample, 1e-4, 'compiled');
    });
  }
});
