import type { ObservationValue } from '../../control/observation_value.js';
import type { Observation, Stamped } from '../../control/observation_window.js';
import {
  type SampleUpdate,
  sendSample,
  type SentObservation,
  type SentSample,
} from './protocol.js';

type Sample = Stamped<ObservationValue>;

/** So many prefetched samples are kept for windows to come. */
const KEPT_PREFETCHES = 16;

/**
 * Knows which samples the inference thread has, so that each goes there once. Samples are told apart by
 * identity; what was dropped there is simply sent again.
 */
export class SampleIds {
  readonly #ids = new WeakMap<Sample, number>();
  /** What the thread has. */
  readonly #held = new Set<number>();
  #next = 0;
  #window: readonly number[] = [];
  #prefetched: readonly number[] = [];

  /** @returns the id of a sample that is not part of a window yet, and what to send before it */
  prefetch(sample: Sample): SampleUpdate & {
    id: number;
    transfer: ArrayBuffer[];
  } {
    const { ids, sent, transfer } = this.#take([sample]);
    this.#prefetched = [...this.#prefetched, ...ids].slice(-KEPT_PREFETCHES);
    return { id: ids[0]!, samples: sent, forget: this.#forget(), transfer };
  }

  /** @returns a window as the thread knows it, with the samples to send before it */
  window(observations: readonly Observation<ObservationValue>[]): SampleUpdate & {
    window: SentObservation[];
    transfer: ArrayBuffer[];
  } {
    const taken = observations.map(({ tickNs, samples }) => ({ tickNs, ...this.#take(samples) }));
    this.#window = taken.flatMap(({ ids }) => ids);
    return {
      window: taken.map(({ tickNs, ids }) => ({ tickNs, ids })),
      samples: taken.flatMap(({ sent }) => sent),
      forget: this.#forget(),
      transfer: taken.flatMap(({ transfer }) => transfer),
    };
  }

  /** The thread has nothing any more. */
  clear(): void {
    this.#held.clear();
    this.#window = [];
    this.#prefetched = [];
  }

  #take(samples: readonly Sample[]): {
    ids: number[];
    sent: SentSample[];
    transfer: ArrayBuffer[];
  } {
    const sent: SentSample[] = [];
    const transfer: ArrayBuffer[] = [];
    const ids = samples.map((sample) => {
      let id = this.#ids.get(sample);
      if (id === undefined) this.#ids.set(sample, (id = this.#next++));
      if (!this.#held.has(id)) {
        this.#held.add(id);
        const copy = sendSample(id, sample);
        sent.push(copy.sent);
        transfer.push(...copy.transfer);
      }
      return id;
    });
    return { ids, sent, transfer };
  }

  #forget(): number[] {
    const kept = new Set([...this.#window, ...this.#prefetched]);
    const forget = [...this.#held].filter((id) => !kept.has(id));
    for (const id of forget) this.#held.delete(id);
    return forget;
  }
}
