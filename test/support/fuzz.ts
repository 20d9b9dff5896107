import { BadInput } from '../../src/errors.js';

/** Damaged inputs per test; `BAC_POLICY_FUZZ_RUNS=1000000 npx mocha ...` runs more. */
export const FUZZ_RUNS = Number(process.env['BAC_POLICY_FUZZ_RUNS'] ?? 4000);

/** Runs a parser on one damaged input. @returns whether it was refused, which only BadInput may say */
export function isRefused(input: Buffer | string, parse: () => void): boolean {
  try {
    parse();
    return false;
  } catch (error) {
    if (error instanceof BadInput) return true;
    const shown = Buffer.from(input).toString('base64');
    throw new Error(`not BadInput but: ${String(error)}; input ${shown}`, { cause: error });
  }
}
