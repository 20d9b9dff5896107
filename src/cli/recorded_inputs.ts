import { basename } from 'node:path';
import { bagFiles } from '../bag/bag_files.js';
import type { CalibrationSource } from '../caching/calibration.js';
import { selectSamples, spreadEvenly, type DenoisingInputs } from '../caching/denoising_inputs.js';
import type { EncodeImage } from '../control/condition_builder.js';
import { sha256OfFile } from '../files.js';
import { ImageEncoders } from '../inference/image_encoders.js';
import { seededBatchNoise } from '../inference/seeded_batch_noise.js';
import { readVectors } from '../inference/vectors.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { BagObservations, type ObserveBagOptions } from '../replay/bag_observations.js';
import { conditionsFromBag } from '../replay/conditions_from_bag.js';

/** The samples a policy is calibrated on and where they came from. */
export interface RecordedInputs {
  readonly inputs: DenoisingInputs;
  /** Samples there were to choose from. */
  readonly available: number;
  readonly sources: readonly CalibrationSource[];
}

/** How many samples are taken, evenly spread over all there are, and the seed of noise that is not given. */
export interface SampleChoice {
  readonly samples: number;
  readonly seed: number;
}

/** Where samples come from, as options of a command: `vectors`, else `bag`. */
export interface RecordedInputOptions extends SampleChoice {
  readonly bag?: readonly string[];
  readonly vectors?: string;
  readonly maxAge?: number;
  readonly remap?: ReadonlyMap<string, string>;
  readonly threads: number;
}

/** Reads recorded observations, encodes their pictures and chooses samples of them. */
export async function recordedInputs(
  policy: PolicyPackage,
  options: RecordedInputOptions,
): Promise<RecordedInputs> {
  const { bag = [], vectors, maxAge, remap, threads } = options;
  const encoders = await ImageEncoders.open(policy, { threads });
  const encode: EncodeImage = (name, rgb) => encoders.encode(name, rgb);
  try {
    if (vectors !== undefined) return await inputsFromVectors(policy, vectors, encode, options);
    return await inputsFromBags(policy, bag, encode, options, {
      ...(remap && { remap }),
      ...(maxAge !== undefined && { maxAgeMs: maxAge }),
      onWarning: (message) => process.stderr.write(`warning: ${message}\n`),
    });
  } finally {
    await encoders.close();
  }
}

/** Samples of a file of raw vectors (contract 3), with its noises where it holds them. */
async function inputsFromVectors(
  { manifest }: PolicyPackage,
  path: string,
  encodeImage: EncodeImage,
  { samples, seed }: SampleChoice,
): Promise<RecordedInputs> {
  const all = await readVectors(path, manifest, encodeImage, { seed });
  const chosen = spreadEvenly(all.samples, samples);
  return {
    inputs: selectSamples(all, chosen, manifest.noise_scheduler.steps),
    available: all.samples,
    sources: [await sourceOf(path)],
  };
}

/**
 * Samples of bags: observations at control ticks, spread evenly over all ticks of all bags. The bags are
 * gone through twice, so that only the pictures of chosen ticks are encoded.
 */
async function inputsFromBags(
  { manifest, directory }: PolicyPackage,
  bags: readonly string[],
  encodeImage: EncodeImage,
  { samples, seed }: SampleChoice,
  observing: ObserveBagOptions,
): Promise<RecordedInputs> {
  const options = { ...observing, packagePath: directory };
  const ticks: number[] = [];
  for (const bag of bags) ticks.push(await countTicks(manifest, bag, options));
  const available = ticks.reduce((sum, count) => sum + count, 0);
  const chosen = new Set(spreadEvenly(available, samples));
  const { n_obs_steps: window, condition_dim: width } = manifest.architecture;
  const condition = new Float32Array(chosen.size * window * width);
  let taken = 0;
  let first = 0;
  for (const [i, bag] of bags.entries()) {
    const start = first;
    const wanted = (tick: number): boolean => chosen.has(start + tick);
    for await (const found of conditionsFromBag(manifest, bag, encodeImage, {
      ...options,
      wanted,
    })) {
      condition.set(found.condition, taken * window * width);
      taken++;
    }
    first += ticks[i]!;
  }
  const files = (await Promise.all(bags.map((bag) => bagFiles(bag)))).flat();
  const sources: CalibrationSource[] = [];
  for (const file of files) sources.push(await sourceOf(file));
  return {
    inputs: { samples: taken, condition, ...seededBatchNoise(seed, taken, manifest) },
    available,
    sources,
  };
}

async function countTicks(
  manifest: PolicyPackage['manifest'],
  bag: string,
  options: ObserveBagOptions,
): Promise<number> {
  let ticks = 0;
  const observations = await BagObservations.open(manifest, bag, options);
  for await (const event of observations.events()) if (event.kind === 'observation') ticks++;
  return ticks;
}

async function sourceOf(path: string): Promise<CalibrationSource> {
  return { name: basename(path), sha256: await sha256OfFile(path) };
}
