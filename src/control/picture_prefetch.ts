import type { ArrivalModel } from './arrival_model.js';
import { isCamera, type ObservationLayout } from './observation_layout.js';
import type { ObservationWindow, Stamped } from './observation_window.js';

/**
 * Chooses the pictures that are decoded and encoded before the chunk that looks at them is due: those of earlier
 * ticks of its window, and as soon as they come those that will probably be the last before its ticks. When the
 * tick comes, most of the work on its observation is done.
 */
export class PicturePrefetch<T> {
  readonly #window: ObservationWindow<T>;
  readonly #arrivals: ArrivalModel;
  readonly #cameras: readonly number[];
  readonly #prefetch: (source: number, sample: Stamped<T>) => void;

  /** @param prefetch begins the work on a picture; called again for the same one, it does nothing */
  constructor(
    window: ObservationWindow<T>,
    arrivals: ArrivalModel,
    { sources }: ObservationLayout,
    prefetch: (source: number, sample: Stamped<T>) => void,
  ) {
    this.#window = window;
    this.#arrivals = arrivals;
    this.#cameras = sources.flatMap((source, i) => (isCamera(source) ? [i] : []));
    this.#prefetch = prefetch;
  }

  /** A message was taken into the window. @param obsSteps To, observations in a window */
  arrived(source: number, obsSteps: number): void {
    const tickNs = this.#window.nextTickNs;
    if (tickNs === undefined || !this.#cameras.includes(source)) return;
    if (this.#window.nextDueInTicks >= obsSteps) return;
    if (!this.#arrivals.isLastBefore(source, tickNs)) return;
    this.#prefetch(source, this.#window.newest(source)!);
  }

  /** A tick was observed at which no chunk is due. */
  observed(samples: readonly Stamped<T>[], dueInTicks: number, obsSteps: number): void {
    if (dueInTicks >= obsSteps) return;
    for (const camera of this.#cameras) this.#prefetch(camera, samples[camera]!);
  }
}
