import { z } from 'zod';
import { BadInput } from '../../errors.js';
import { readChecked } from '../../files.js';
import { parseWith } from '../../policy/manifest.js';
import type { ReportFacts } from './report_facts.js';

const MAX_BYTES = 16 * 1024 ** 2;
const AGAIN = 'make it with bac-policy bench DIR --peers --json';

const bench = z.object({
  rows: z.array(
    z.object({ name: z.string(), engine: z.string(), median_ms: z.number().positive() }),
  ),
});

/**
 * What eager PyTorch and the compiled engine took for a dense chunk in one bench.
 * @param path what `bac-policy bench --peers --json` printed
 * @throws BadInput when it is something else, or has no eager row
 */
export async function eagerFacts(path: string): Promise<NonNullable<ReportFacts['eager']>> {
  const bytes = await readChecked(path, MAX_BYTES);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new BadInput('is not JSON', path, AGAIN);
  }
  const { rows } = parseWith(bench, json, path, AGAIN);
  const dense = (engine: string): number => {
    const row = rows.find((each) => each.name === 'dense' && each.engine === engine);
    if (row) return row.median_ms;
    throw new BadInput(`has no row of dense by ${engine}`, path, AGAIN);
  };
  return { file: path, eager_ms: dense('eager'), dense_ms: dense('compiled') };
}
