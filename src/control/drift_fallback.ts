import type { DriftLevel } from './drift_monitor.js';

/** Which plan makes the chunks: the one that was asked for, or a safer one because of drift. */
export type FallbackState = 'off' | 'falling back' | 'fallen back' | 'returning';

/**
 * Decides when a safer plan takes over, and when it gives way again: at drift, and once observations have been
 * as usual for a while. Whoever carries it out says when it is {@link done}, or that it {@link failed}; then it
 * is tried again after the same while.
 */
export class DriftFallback {
  #state: FallbackState = 'off';
  /** Since when observations are as usual, or nothing is to be tried, ms; undefined while they are not. */
  #sinceMs: number | undefined;
  #failedMs = -Infinity;

  get state(): FallbackState {
    return this.#state;
  }

  /**
   * @param calmMs how long observations must be as usual before the plan returns
   * @param nowMs by a steady clock
   * @returns what is to be done now
   */
  decide(level: DriftLevel, calmMs: number, nowMs: number): 'fall back' | 'return' | undefined {
    this.#sinceMs = level === 'ok' ? (this.#sinceMs ?? nowMs) : undefined;
    if (nowMs - this.#failedMs < calmMs) return undefined;
    if (this.#state === 'off' && level === 'drift') {
      this.#state = 'falling back';
      return 'fall back';
    }
    const calm = this.#sinceMs !== undefined && nowMs - this.#sinceMs >= calmMs;
    if (this.#state !== 'fallen back' || !calm) return undefined;
    this.#state = 'returning';
    return 'return';
  }

  /** What was decided has happened. */
  done(): void {
    this.#state = this.#state === 'falling back' ? 'fallen back' : 'off';
  }

  /** What was decided could not be done; things are as before. */
  failed(nowMs: number): void {
    this.#state = this.#state === 'falling back' ? 'off' : 'fallen back';
    this.#failedMs = nowMs;
  }

  /** The plan that was asked for, or a new one, is there again. */
  reset(): void {
    this.#state = 'off';
    this.#sinceMs = undefined;
    this.#failedMs = -Infinity;
  }
}
