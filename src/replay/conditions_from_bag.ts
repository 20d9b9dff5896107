import { ConditionBuilder, type EncodeImage } from '../control/condition_builder.js';
import type { PolicyManifest } from '../policy/manifest.js';
import { BagObservations, type ObserveBagOptions } from './bag_observations.js';

/** What the denoiser would be conditioned on at one control tick of a bag. */
export interface BagCondition {
  /** (To, Dc), normalised, oldest first. */
  readonly condition: Float32Array;
  readonly tickNs: bigint;
  /** Counts from 0. */
  readonly episode: number;
}

/** Options of {@link conditionsFromBag}. */
export interface ConditionsFromBagOptions extends ObserveBagOptions {
  /** Which ticks, counted from 0 over the whole bag, are wanted; the pictures of others are not encoded. */
  readonly wanted?: (tick: number) => boolean;
}

/**
 * The conditions at every control tick of a bag, not only at those at which a chunk is due: what planning is
 * calibrated on.
 * @throws BadInput as {@link BagObservations} does
 */
export async function* conditionsFromBag(
  manifest: PolicyManifest,
  bag: string,
  encodeImage: EncodeImage,
  options: ConditionsFromBagOptions = {},
): AsyncGenerator<BagCondition> {
  const observations = await BagObservations.open(manifest, bag, options);
  const builder = new ConditionBuilder(manifest, observations.layout, encodeImage);
  let tick = 0;
  for await (const event of observations.events()) {
    if (event.kind !== 'observation') continue;
    if (options.wanted?.(tick++) === false) continue;
    const { tickNs, episode } = event;
    yield { condition: await builder.build(event.window), tickNs, episode };
  }
}
