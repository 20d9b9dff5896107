import { basename } from 'node:path';
import { bagFiles } from '../bag/bag_files.js';
import type { CalibrationSource } from '../caching/calibration.js';
import { selectSamples, spreadEvenly, type DenoisingInputs } from '../caching/denoising_inputs.js';
import type { EncodeImage } from '../control/condition_builder.js';
import { DriftPictures } from '../control/drift_pictures.js';
import type { EpisodeThumbnails } from '../control/picture_reference.js';
import { sha256OfFile } from '../files.js';
import { ImageEncoders } from '../inference/image_encoders.js';
import { seededBatchNoise } from '../inference/seeded_batch_noise.js';
import { readVectors } from '../inference/vectors.js';
import { BadInput } from '../errors.js';
import type { PolicyPackage } from '../policy/policy_package.js';
import { readSafetensors } from '../policy/safetensors.js';
import { BagObservations, type ObserveBagOptions } from '../replay/bag_observations.js';
import { conditionsFromBag } from '../replay/conditions_from_bag.js';

/** Vector files above this size are refused. */
const MAX_VECTORS_BYTES = 2 * 1024 ** 3;

/** Groups of neighbouring samples that stand for episodes where these are not known. */
const UNKNOWN_EPISODES = 10;
/** With fewer episodes in bags, groups of neighbouring observations are taken for them. */
const FEWEST_EPISODES = 5;

/** The samples a policy is calibrated on and where they came from. */
export interface RecordedInputs {
  readonly inputs: DenoisingInputs;
  /** Samples there were to choose from. */
  readonly available: number;
  readonly sources: readonly CalibrationSource[];
  /** Of every sample the episode it belongs to; samples of one episode resemble each other. */
  readonly episodes: Int32Array;
  /** Of every camera, by the name of its input, what its pictures look like from afar, with their episodes. */
  readonly pictures: ReadonlyMap<string, EpisodeThumbnails>;
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
  const pictures = new DriftPictures(manifest);
  const { n_obs_steps: window } = manifest.architecture;
  const keep: EncodeImage = (name, rgb) => {
    // Frames of an input come one after another, `window` of each sample.
    pictures.add(name, rgb, Math.floor(pictures.count(name) / window));
    return encodeImage(name, rgb);
  };
  const all = await readVectors(path, manifest, keep, { seed });
  const chosen = spreadEvenly(all.samples, samples);
  const episodeOf = await episodesOfVectors(path, all.samples);
  return {
    inputs: selectSamples(all, chosen, manifest.noise_scheduler.steps),
    available: all.samples,
    sources: [await sourceOf(path)],
    episodes: Int32Array.from(chosen, episodeOf),
    pictures: pictures.ofEpisodes(episodeOf),
  };
}

/**
 * Which episode each sample of a vector file is of: `episode` (N) I64, else blocks of neighbouring samples.
 * @throws BadInput when `episode` is there, but not that
 */
async function episodesOfVectors(
  path: string,
  samples: number,
): Promise<(sample: number) => number> {
  const episode = (await readSafetensors(path, MAX_VECTORS_BYTES)).tensors.get('episode');
  if (!episode) return blockOf(samples);
  if (episode.dtype !== 'I64' || episode.shape.join() !== String(samples)) {
    throw new BadInput(
      `tensor 'episode' is ${episode.dtype} [${episode.shape.join(', ')}]`,
      path,
      `give I64 [${samples}], one number per sample, or leave it out`,
    );
  }
  const { data } = episode;
  return (sample) => Number(data[sample]);
}

/** Where nothing is known of episodes: ten blocks of neighbouring samples. */
function blockOf(samples: number): (sample: number) => number {
  return (sample) => Math.floor((sample * UNKNOWN_EPISODES) / samples);
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
  const episodes: number[] = [];
  const pictures = new DriftPictures(manifest);
  let taken = 0;
  const keep: EncodeImage = (name, rgb) => {
    pictures.add(name, rgb, taken);
    return encodeImage(name, rgb);
  };
  let first = 0;
  let before = 0;
  for (const [i, bag] of bags.entries()) {
    const start = first;
    const wanted = (tick: number): boolean => chosen.has(start + tick);
    for await (const found of conditionsFromBag(manifest, bag, keep, {
      ...options,
      wanted,
    })) {
      condition.set(found.condition, taken * window * width);
      episodes.push(before + found.episode);
      taken++;
    }
    first += ticks[i]!;
    before = (episodes.at(-1) ?? -1) + 1;
  }
  const files = (await Promise.all(bags.map((bag) => bagFiles(bag)))).flat();
  const sources: CalibrationSource[] = [];
  for (const file of files) sources.push(await sourceOf(file));
  // Too few to hold some out: then parts of them stand in.
  const isFew = new Set(episodes).size < FEWEST_EPISODES;
  const episodeOf = isFew ? blockOf(taken) : (sample: number) => episodes[sample]!;
  return {
    inputs: { samples: taken, condition, ...seededBatchNoise(seed, taken, manifest) },
    available,
    sources,
    episodes: Int32Array.from(episodes, (_, sample) => episodeOf(sample)),
    pictures: pictures.ofEpisodes(episodeOf),
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
