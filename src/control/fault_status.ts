/**
 * Why the node does not act, and its number: `status` of bac_policy/msg/ActionChunk, whose definition has the same
 * names, and of the diagnostics.
 */
export const FAULT_STATUS = {
  ok: 0,
  missing_input: 1,
  stale_input: 2,
  unusable_input: 3,
  overrun: 4,
  invalid_chunk: 5,
  limit: 6,
  limit_storm: 7,
  inference_failed: 8,
  worker_lost: 9,
  clock_jump: 10,
  no_clock: 11,
  reset: 12,
} as const;

/** The kinds of faults; `ok` is none. */
export type FaultStatus = Exclude<keyof typeof FAULT_STATUS, 'ok'>;

/** What ended a motion, or keeps one from beginning. */
export interface Fault {
  readonly status: FaultStatus;
  /** For people. */
  readonly reason: string;
}

/** Why nothing can be observed, by how an observation window says it. */
export function inputFault(reason: string): Fault {
  const kinds: readonly [string, FaultStatus][] = [
    ['missing:', 'missing_input'],
    ['ahead:', 'unusable_input'],
    ['no time:', 'no_clock'],
  ];
  const status = kinds.find(([begin]) => reason.startsWith(begin))?.[1] ?? 'stale_input';
  return { status, reason };
}
