import { z } from 'zod';
import { BadInput } from '../errors.js';
import { parseWith } from '../policy/manifest.js';
import type { Candidate } from './plan_search.js';

const format = 'bac_policy/search@4';
const error = z.number().nonnegative();

const field = z.strictObject({
  format: z.literal(format),
  /** Digest of what the findings depend on: policy, calibration, weights. */
  about: z.string(),
  outcomes: z.record(z.string(), z.strictObject({ error, heldOut: error.nullable() })),
});

type Contents = z.infer<typeof field>;

/** What a search has found out so far: a search that goes on with it does not measure it again. */
export class SearchMemory {
  readonly #contents: Contents;

  /** @param about digest of what the findings depend on */
  constructor(about: string) {
    this.#contents = { format, about, outcomes: {} };
  }

  /** @throws BadInput when it is damaged or about something else */
  static parse(text: string, about: string, where: string): SearchMemory {
    const todo = 'leave out --resume to begin anew';
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new BadInput('is not JSON', where, todo);
    }
    const contents = parseWith(field, json, where, todo);
    if (contents.about !== about) {
      throw new BadInput('is of another policy, calibration or weights', where, todo);
    }
    const memory = new SearchMemory(about);
    Object.assign(memory.#contents, contents);
    return memory;
  }

  /** Errors of a candidate, where they are known; `heldOut` is NaN where no sample is held out. */
  get(candidate: Candidate): { readonly error: number; readonly heldOut: number } | undefined {
    const found = this.#contents.outcomes[keyOf(candidate)];
    return found && { error: found.error, heldOut: found.heldOut ?? NaN };
  }

  set(candidate: Candidate, { error: size, heldOut }: { error: number; heldOut: number }): void {
    this.#contents.outcomes[keyOf(candidate)] = {
      error: size,
      heldOut: Number.isFinite(heldOut) ? heldOut : null,
    };
  }

  toString(): string {
    return JSON.stringify(this.#contents);
  }
}

function keyOf({ evaluations, lookAhead, fall }: Candidate): string {
  return JSON.stringify({ evaluations, lookAhead, fall });
}
