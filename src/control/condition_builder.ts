import type { PolicyManifest } from '../policy/manifest.js';
import { normalise } from '../policy/normaliser.js';
import { CameraFrame } from './camera_frame.js';
import type { InputSources, ObservationLayout } from './observation_layout.js';
import type { ObservationValue } from './observation_value.js';
import type { Observation, Stamped } from './observation_window.js';

/** Features of one picture, normalised, (feature_dim); `rgb` is (H, W, 3), 8 bit, of the input's size. */
export type EncodeImage = (inputName: string, rgb: Uint8Array) => Promise<Float32Array>;

/** Makes what the denoiser is conditioned on out of observations; encodes every picture once. */
export class ConditionBuilder {
  readonly #conditionDim: number;
  readonly #layout: ObservationLayout;
  readonly #encodeImage: EncodeImage;
  /** Features by message; gone with the message. */
  readonly #features = new WeakMap<Stamped<ObservationValue>, Promise<Float32Array>>();

  constructor(manifest: PolicyManifest, layout: ObservationLayout, encodeImage: EncodeImage) {
    this.#conditionDim = manifest.architecture.condition_dim;
    this.#layout = layout;
    this.#encodeImage = encodeImage;
  }

  /**
   * The condition of a window of To observations: (To, Dc), normalised, oldest first, each step the policy's
   * inputs in the order of its manifest.
   */
  async build(window: readonly Observation<ObservationValue>[]): Promise<Float32Array> {
    // All pictures at once: they are decoded beside each other.
    for (const { samples } of window) samples.forEach((sample, i) => this.prefetch(i, sample));
    const condition = new Float32Array(window.length * this.#conditionDim);
    let at = 0;
    for (const { samples } of window) {
      for (const input of this.#layout.inputs) {
        const part = await this.#inputOf(input, samples);
        condition.set(part, at);
        at += part.length;
      }
    }
    return condition;
  }

  /**
   * Begins to decode and encode a picture that is about to be part of a window. What is wrong with it says
   * {@link build}.
   * @param source index of its source in the layout; nothing is done for sources that are no cameras
   */
  prefetch(source: number, sample: Stamped<ObservationValue>): void {
    for (const { input, sources } of this.#layout.inputs) {
      if (input.kind === 'vector' || sources[0] !== source) continue;
      this.#featuresOf(input.name, sample).catch(() => undefined);
    }
  }

  async #inputOf(
    { input, sources }: InputSources,
    samples: readonly Stamped<ObservationValue>[],
  ): Promise<Float32Array> {
    if (input.kind === 'image') return this.#featuresOf(input.name, samples[sources[0]!]!);
    const values = sources.flatMap((i) => [...(samples[i]!.value as Float64Array)]);
    return normalise(Float32Array.from(values), input.normaliser);
  }

  #featuresOf(inputName: string, sample: Stamped<ObservationValue>): Promise<Float32Array> {
    let features = this.#features.get(sample);
    if (!features) {
      features = (sample.value as CameraFrame)
        .rgb()
        .then(async (rgb) => this.#encodeImage(inputName, rgb));
      this.#features.set(sample, features);
    }
    return features;
  }
}
