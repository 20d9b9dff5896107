import { LaggedClock } from './lagged_clock.js';
import type { LoopClock } from './loop_interfaces.js';

/** A clock that is further off a steady one than this was set; a simulated one that goes on by as much at once, ns. */
const FORWARD_NS = { live: 1_000_000_000n, simulated: 10_000_000_000n } as const;

/** A loop that is called so much later than it asked for was kept from its messages, ns. */
const KEPT_NS = 3_000_000n;
/** Time in which messages that waited meanwhile are taken, ns. */
const CATCH_UP_NS = 2_000_000n;

/** The time as a policy loop sees it: what it is, how long to be patient, and whether somebody set the clock. */
export class LoopTime {
  readonly #clock: LoopClock;
  readonly #lagged = new LaggedClock();
  #nowNs = 0n;
  #patientNs = 0n;
  #steadyMs = 0;
  /** Until then messages that waited for the loop may still come, ns. */
  #catchUpUntilNs = 0n;
  /** For so long the loop was kept from them, ns. */
  #keptNs = 0n;

  constructor(clock: LoopClock) {
    this.#clock = clock;
  }

  /** The time when it was looked at last, ns. */
  get nowNs(): bigint {
    return this.#nowNs;
  }

  /**
   * The time by which messages are judged to be late or missing, ns: see {@link LaggedClock}. By a live clock it is now,
   * but when the loop was kept from messages: until those that wait are taken it is the time from which it was kept.
   */
  get patientNs(): bigint {
    return this.#patientNs;
  }

  /** Whether messages may wait that the loop was kept from: what is missing may be among them. */
  get isCatchingUp(): boolean {
    return this.#nowNs < this.#catchUpUntilNs;
  }

  /**
   * Looks at the clock.
   * @param backNs by how much it may go back, as one that is being adjusted does
   * @param simTime whether it is a simulated clock, which may be slower or faster than a steady one
   * @param wakeNs when the loop asked to be called, ns; undefined when it did not
   * @returns where it jumped to since it was looked at before; undefined when it did not
   */
  look(
    backNs: bigint,
    simTime: boolean,
    wakeNs: bigint | undefined,
  ): 'back' | 'forward' | undefined {
    const [lastNs, lastSteadyMs] = [this.#nowNs, this.#steadyMs];
    this.#nowNs = this.#clock.nowNs();
    this.#steadyMs = this.#clock.steadyMs();
    const passedNs = simTime ? 0n : BigInt(Math.round((this.#steadyMs - lastSteadyMs) * 1e6));
    const most = FORWARD_NS[simTime ? 'simulated' : 'live'];
    const isForward = this.#nowNs - lastNs - passedNs > most;
    const jump = this.#nowNs + backNs < lastNs ? 'back' : isForward ? 'forward' : undefined;
    if (jump !== undefined) {
      this.#lagged.reset();
      this.#catchUpUntilNs = 0n;
    } else if (!simTime && wakeNs !== undefined && this.#nowNs - wakeNs > KEPT_NS) {
      if (this.#nowNs >= this.#catchUpUntilNs) this.#keptNs = this.#nowNs - wakeNs;
      this.#catchUpUntilNs = this.#nowNs + CATCH_UP_NS;
    }
    this.#patientNs = simTime
      ? this.#lagged.note(this.#nowNs, this.#steadyMs)
      : this.#nowNs - (this.isCatchingUp ? this.#keptNs : 0n);
    // A simulated clock is 0 before its first message, and so is this time before its first look.
    return lastNs === 0n ? undefined : jump;
  }
}
