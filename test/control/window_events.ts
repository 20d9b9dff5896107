import assert from 'node:assert/strict';
import {
  defaultMaxAgeNs,
  ObservationWindow,
  type ObservationWindowOptions,
  type WindowEvent,
} from '../../src/control/observation_window.js';

export const MS = 1_000_000n;

/** A window over an arm and a camera, To 2, a chunk every 4 ticks of 50 ms. */
export function windowOf(
  options: Partial<ObservationWindowOptions> = {},
): ObservationWindow<string> {
  return new ObservationWindow<string>({
    sources: ['arm', 'camera'],
    obsSteps: 2,
    actionSteps: 4,
    rateHz: 20,
    maxAgesNs: [defaultMaxAgeNs(20), defaultMaxAgeNs(20)],
    ...options,
  });
}

/** Pushes messages at these times, ms, of one source. */
export function push(window: ObservationWindow<string>, source: number, ...times: number[]): void {
  for (const time of times) {
    assert.equal(window.push(source, BigInt(time) * MS, `${source}@${time}`), 'taken');
  }
}

/** Numbers from `from` to `to`, both included. */
export function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

/** Events as text: `100 e0 due 0@50+1@50 0@100+1@100`. */
export function told(events: Iterable<WindowEvent<string>>): string[] {
  return [...events].map((event) => {
    const time = String(event.tickNs / MS);
    if (event.kind !== 'observation') return `${time} ${event.kind} ${event.reason}`;
    const steps = event.window.map(({ samples }) => samples.map(({ value }) => value).join('+'));
    return `${time} e${event.episode}${event.due ? ' due' : ''} ${steps.join(' ')}`;
  });
}

/** Ticks at which a chunk was due, or all that were observed, ms. */
export function ticks(events: Iterable<WindowEvent<string>>, due = true): bigint[] {
  return [...events].flatMap((e) =>
    e.kind === 'observation' && (e.due || !due) ? [e.tickNs / MS] : [],
  );
}
