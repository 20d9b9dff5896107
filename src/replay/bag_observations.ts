import { bagSummary, type BagTopic } from '../bag/bag_summary.js';
import { readBag } from '../bag/read_bag.js';
import {
  isCamera,
  missing,
  observationLayout,
  type ObservationLayout,
} from '../control/observation_layout.js';
import {
  namedJoints,
  observationValue,
  stampOf,
  type ObservationValue,
} from '../control/observation_value.js';
import {
  defaultMaxAgeNs,
  ObservationWindow,
  type SourceCounts,
  type WindowEvent,
} from '../control/observation_window.js';
import { BadInput } from '../errors.js';
import type { ObservationSource, PolicyManifest } from '../policy/manifest.js';

export interface ObserveBagOptions {
  /** Age at which a source's latest message is too old, ms; by default a little over two control periods. */
  readonly maxAgeMs?: number;
  /** Topics of the policy that have another name in the bag. */
  readonly remap?: ReadonlyMap<string, string>;
  /** Called with what is wrong with a bag that is still usable. */
  readonly onWarning?: (message: string) => void;
  /** Called after each of the {@link BagObservations.messages}. */
  readonly onMessage?: () => void;
  /** The policy package, for error messages. */
  readonly packagePath?: string;
}

/** A source with the topic of the bag it is read from. */
interface BoundSource {
  readonly source: ObservationSource;
  readonly topic: string;
  readonly type: string;
}

/**
 * Messages may lie in a bag this much later than their stamps say relative to other topics; only a topic that
 * falls silent makes the others wait so long, in stamps, ns.
 */
const LATENESS_NS = 1_000_000_000n;
const NS_PER_MS = 1e6;

/** The observations a policy would have made while a bag was recorded. */
export class BagObservations {
  /** The control rate, Hz. */
  readonly rateHz: number;
  readonly maxAgeNs: bigint;
  readonly layout: ObservationLayout;
  /** Messages of the policy's topics in the bag. */
  readonly messages: number;
  readonly #bag: string;
  readonly #bound: readonly BoundSource[];
  readonly #window: ObservationWindow<ObservationValue>;
  readonly #options: ObserveBagOptions;
  /** Of each source: joints that a message named which had none of the source's. */
  readonly #otherJoints = new Map<number, readonly string[]>();

  private constructor(
    manifest: PolicyManifest,
    bag: string,
    rateHz: number,
    layout: ObservationLayout,
    topics: readonly BagTopic[],
    options: ObserveBagOptions,
  ) {
    this.rateHz = rateHz;
    this.layout = layout;
    this.#bag = bag;
    this.#options = options;
    this.#bound = layout.sources.map((source) => bind(source, topics, bag, options.remap));
    const used = new Set(this.#bound.map(({ topic }) => topic));
    this.messages = topics.reduce((sum, t) => sum + (used.has(t.topic) ? t.messages : 0), 0);
    const { maxAgeMs } = options;
    this.maxAgeNs =
      maxAgeMs === undefined ? defaultMaxAgeNs(rateHz) : BigInt(Math.round(maxAgeMs * NS_PER_MS));
    this.#window = new ObservationWindow({
      sources: this.#bound.map(({ topic }) => topic),
      obsSteps: manifest.architecture.n_obs_steps,
      actionSteps: manifest.architecture.n_action_steps,
      rateHz,
      maxAgesNs: this.#bound.map(() => this.maxAgeNs),
    });
  }

  /**
   * Finds the topics of the policy in a bag.
   * @throws BadInput when the package lacks sources or a rate, or the bag lacks a topic
   */
  static async open(
    manifest: PolicyManifest,
    bag: string,
    options: ObserveBagOptions = {},
  ): Promise<BagObservations> {
    const where = options.packagePath ?? 'policy.json';
    const layout = observationLayout(manifest, where);
    const rateHz = manifest.action.rate_hz;
    if (rateHz === undefined) throw missing('action.rate_hz is missing', where);
    const { topics } = await bagSummary(bag);
    return new BagObservations(manifest, bag, rateHz, layout, topics, options);
  }

  /**
   * Goes through the bag and tells what happens at every control tick. The clock is the header stamps: the
   * times of recording only add the transport's delay to them, and with stamps the ticks (and so the chunks)
   * do not depend on the load of the machine that recorded. A tick is observed once every source has a
   * message beyond it.
   * @throws BadInput when the bag is damaged, a message cannot be used, or time goes backwards
   */
  async *events(): AsyncGenerator<WindowEvent<ObservationValue>> {
    const topics = this.#bound.map(({ topic }) => topic);
    const { onWarning, onMessage } = this.#options;
    for await (const message of readBag(this.#bag, topics, onWarning ? { onWarning } : {})) {
      for (const [i, { topic }] of this.#bound.entries()) {
        if (topic === message.topic) this.#take(i, message.message, message.logTimeNs);
      }
      const known = this.#known();
      if (known !== undefined) yield* this.#window.advance(known);
      onMessage?.();
    }
    yield* this.#window.finish();
    if (this.#window.episodes === 0) throw this.#nothingObserved();
  }

  /** Why a bag gave no observation. */
  #nothingObserved(): BadInput {
    for (const [i, names] of this.#otherJoints) {
      const { source, topic } = this.#bound[i]!;
      if (this.#window.newestNs[i] !== undefined || !('names' in source)) continue;
      return new BadInput(
        `no message names any of the joints ${source.names.join(', ')}, only ${names.join(', ') || 'none'}`,
        `${this.#bag}, topic ${topic}`,
        'give another topic with --remap, or correct the names: `bac-policy import ... --sources FILE`',
      );
    }
    const newest = greatest(this.#window.newestNs);
    const reason = newest === undefined ? 'no message' : this.#window.notReady(newest);
    const topics = [...new Set(this.#bound.map(({ topic }) => topic))];
    return new BadInput(
      `has no moment at which all of ${topics.join(', ')} are known ` +
        `(${reason ?? 'their stamps are too far apart'})`,
      this.#bag,
      'check the stamps, or allow older messages with --max-age MS',
    );
  }

  /** Episodes so far. */
  get episodes(): number {
    return this.#window.episodes;
  }

  /** Per source: its name, topic and what became of its messages so far. */
  get sources(): { name: string; topic: string; counts: Readonly<SourceCounts> }[] {
    return this.#bound.map(({ source, topic }, i) => ({
      name: source.name,
      topic,
      counts: this.#window.counts[i]!,
    }));
  }

  #take(i: number, message: unknown, logTimeNs: bigint): void {
    const { source, topic, type } = this.#bound[i]!;
    const where = `${this.#bag}, topic ${topic}`;
    const stampNs = stampOf(source, message, logTimeNs, where);
    if (stampNs === 0n && this.#window.newestNs[i] === 0n) {
      throw new BadInput('its messages carry no time stamp', where, 'repair the driver');
    }
    const value = observationValue(source, type, message, where);
    if (value === undefined) {
      this.#window.passOver(i);
      this.#otherJoints.set(i, namedJoints(message, where));
      return;
    }
    const newestNs = this.#window.newestNs[i];
    this.#window.push(i, stampNs, value);
    // Single messages may be overtaken by others on their way; those are counted and left out.
    if (newestNs !== undefined && newestNs - stampNs > LATENESS_NS) {
      throw new BadInput(
        `time goes backwards: a message of ${seconds(stampNs)} s follows one of ${seconds(newestNs)} s`,
        where,
        'cut the bag where the clock was set back',
      );
    }
  }

  /** The time up to which all messages are known; undefined before the first. */
  #known(): bigint | undefined {
    const { newestNs } = this.#window;
    const newest = greatest(newestNs);
    if (newest === undefined) return undefined;
    const silentUntil = newest - LATENESS_NS;
    return newestNs.reduce<bigint>((least, stampNs) => {
      const known = stampNs === undefined || stampNs < silentUntil ? silentUntil : stampNs;
      return known < least ? known : least;
    }, newest);
  }
}

/** The topic of the bag that a source means; a leading slash makes no difference. */
function bind(
  source: ObservationSource,
  topics: readonly BagTopic[],
  bag: string,
  remap: ReadonlyMap<string, string> = new Map(),
): BoundSource {
  const absolute = (topic: string): string => (topic.startsWith('/') ? topic : `/${topic}`);
  const renamed = [...remap].find(([from]) => absolute(from) === absolute(source.topic));
  const wanted = absolute(renamed?.[1] ?? source.topic);
  const found = topics.find(({ topic }) => absolute(topic) === wanted);
  if (!found) {
    throw new BadInput(
      `has no topic ${wanted}, only ${topics.map(({ topic }) => topic).join(', ') || 'none'}`,
      bag,
      `give the bag's name of it with --remap ${source.topic}:=TOPIC`,
    );
  }
  const { topic, type } = found;
  const pictures = ['sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'];
  if (type !== source.type && !(isCamera(source) && pictures.includes(type))) {
    throw new BadInput(
      `has messages of type ${type}, the policy needs ${source.type}`,
      `${bag}, topic ${topic}`,
      'give another topic with --remap, or correct the sources of the package',
    );
  }
  return { source, topic, type };
}

function greatest(stamps: readonly (bigint | undefined)[]): bigint | undefined {
  return stamps.reduce(
    (newest, stamp) => (newest === undefined || (stamp ?? newest) > newest ? stamp : newest),
    undefined,
  );
}

function seconds(ns: bigint): string {
  const text = ns.toString().padStart(10, '0');
  return `${text.slice(0, -9)}.${text.slice(-9)}`;
}
