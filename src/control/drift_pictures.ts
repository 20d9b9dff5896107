import type { PolicyManifest } from '../policy/manifest.js';
import type { EpisodeThumbnails } from './picture_reference.js';
import { thumbnailOf } from './thumbnail.js';

/** Keeps thumbnails of the pictures that observations are made of: what the drift monitor holds live ones against. */
export class DriftPictures {
  readonly #manifest: PolicyManifest;
  readonly #seen = new Map<string, { thumbnails: Float32Array[]; samples: number[] }>();

  constructor(manifest: PolicyManifest) {
    this.#manifest = manifest;
  }

  /** Pictures of an input that were kept so far. */
  count(name: string): number {
    return this.#seen.get(name)?.samples.length ?? 0;
  }

  /** @param rgb as the input gets it @param sample that it belongs to, or the first of those */
  add(name: string, rgb: Uint8Array, sample: number): void {
    const seen = this.#seen.get(name) ?? { thumbnails: [], samples: [] };
    seen.thumbnails.push(thumbnailOf(this.#manifest, name, rgb));
    seen.samples.push(sample);
    this.#seen.set(name, seen);
  }

  /** By the name of their input. @param episodeOf the episode of a sample */
  ofEpisodes(episodeOf: (sample: number) => number): Map<string, EpisodeThumbnails> {
    return new Map(
      [...this.#seen].map(([name, { thumbnails, samples }]) => [
        name,
        { thumbnails, episodes: Int32Array.from(samples, episodeOf) },
      ]),
    );
  }
}
