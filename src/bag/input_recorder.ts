/** One message as it came from the middleware. */
export interface RecordedInput {
  readonly topic: string;
  /** `package/msg/Name`. */
  readonly type: string;
  /** With its CDR header. */
  readonly cdr: Uint8Array;
  /** When it came, ns. */
  readonly receivedNs: bigint;
}

/** How much an {@link InputRecorder} keeps. */
export interface RecorderLimits {
  /** Messages that came earlier before the newest are dropped; 0 keeps nothing, s. */
  readonly seconds: number;
  /** Of all messages together. */
  readonly bytes: number;
}

/** What became of the messages an {@link InputRecorder} was given; the rest is held. */
export interface RecorderCounts {
  received: number;
  /** Older than the allowed seconds. */
  too_old: number;
  /** There was no room for more bytes; then fewer seconds are held than allowed. */
  no_room: number;
  /** From before the clock was set back. */
  clock_set_back: number;
}

/** About what a message takes beside its bytes, so that many empty ones are bounded, too. */
const OVERHEAD_BYTES = 200;
/** Slots of dropped messages are given back from this many on. */
const COMPACT_FROM = 1024;
const NS_PER_SECOND = 1e9;

/**
 * Keeps the last messages as they came, bounded by time and by bytes: the oldest go first. Adding one takes the
 * same short time however many are held, as it is done for every message a robot's node receives.
 */
export class InputRecorder {
  #limits: RecorderLimits;
  #entries: (RecordedInput | undefined)[] = [];
  #first = 0;
  #bytes = 0;
  readonly #counts: RecorderCounts = { received: 0, too_old: 0, no_room: 0, clock_set_back: 0 };

  constructor(limits: RecorderLimits) {
    this.#limits = limits;
  }

  /**
   * Keeps a message. Its bytes are not copied and must not change afterwards.
   * @param type `package/msg/Name`
   * @param receivedNs when it came, ns; when that goes back, all that came before is dropped: a bag in which
   *   time goes backwards cannot be used
   */
  push(topic: string, type: string, cdr: Uint8Array, receivedNs: bigint): void {
    this.#counts.received++;
    const newest = this.#entries.at(-1);
    if (newest && receivedNs < newest.receivedNs) this.#dropAll('clock_set_back');
    this.#entries.push({ topic, type, cdr, receivedNs });
    this.#bytes += cdr.byteLength + OVERHEAD_BYTES;
    this.#trim(receivedNs);
  }

  /** Changes how much is kept; what is too much is dropped at once. */
  setLimits(limits: RecorderLimits): void {
    this.#limits = limits;
    const newest = this.#entries.at(-1);
    if (newest) this.#trim(newest.receivedNs);
  }

  /** What became of the messages so far. */
  get counts(): Readonly<RecorderCounts> {
    return this.#counts;
  }

  /** Messages held now. */
  get messages(): number {
    return this.#entries.length - this.#first;
  }

  /** Time from the oldest to the newest message held, s. */
  get seconds(): number {
    const [oldest, newest] = [this.#entries[this.#first], this.#entries.at(-1)];
    return oldest && newest ? Number(newest.receivedNs - oldest.receivedNs) / NS_PER_SECOND : 0;
  }

  /** The messages of the last seconds before the newest, oldest first; 0 for all. */
  last(seconds: number): readonly RecordedInput[] {
    const held = this.#entries.slice(this.#first) as RecordedInput[];
    const newest = held.at(-1);
    if (!newest || seconds === 0) return held;
    const fromNs = newest.receivedNs - inNs(seconds);
    return held.filter(({ receivedNs }) => receivedNs >= fromNs);
  }

  #trim(newestNs: bigint): void {
    const { seconds, bytes } = this.#limits;
    const fromNs = newestNs - inNs(seconds);
    while (this.messages > 0) {
      const tooOld = this.#entries[this.#first]!.receivedNs < fromNs || seconds === 0;
      if (!tooOld && this.#bytes <= bytes) break;
      this.#drop(tooOld ? 'too_old' : 'no_room');
    }
    if (this.#first >= COMPACT_FROM && this.#first * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
  }

  #dropAll(why: keyof RecorderCounts): void {
    while (this.messages > 0) this.#drop(why);
    this.#entries = [];
    this.#first = 0;
  }

  #drop(why: keyof RecorderCounts): void {
    this.#bytes -= this.#entries[this.#first]!.cdr.byteLength + OVERHEAD_BYTES;
    // Lets go of the bytes before the slot is given back.
    this.#entries[this.#first++] = undefined;
    this.#counts[why]++;
  }
}

/** Any longer time is as good as this one. */
const MAX_SECONDS = 1e9;

function inNs(seconds: number): bigint {
  return BigInt(Math.round(Math.min(seconds, MAX_SECONDS) * NS_PER_SECOND));
}
