import { actionChunkMessage, faultMessage, type ObservationEvent } from './action_chunk_message.js';
import { messageOf } from '../errors.js';
import { ArrivalModel } from './arrival_model.js';
import { faultKind } from './fault_kind.js';
import { type Fault, type FAULT_STATUS, type FaultStatus, inputFault } from './fault_status.js';
import type {
  ChunkMaker,
  LoopClock,
  LoopOutputs,
  LoopPolicy,
  LoopSettings,
  MadeChunk,
} from './loop_interfaces.js';
import { LoopStatistics } from './loop_statistics.js';
import { LoopTime } from './loop_time.js';
import { KnownRows } from './motion/known_rows.js';
import { MotionExecutor, type MotionVerdict } from './motion/motion_executor.js';
import type { Inpainting } from '../policy/inpainting.js';
import type { ObservationValue } from './observation_value.js';
import { ObservationWindow, type WindowEvent } from './observation_window.js';
import { PicturePrefetch } from './picture_prefetch.js';
import { policyMotion, type PolicyMotion } from './policy_motion.js';
import { RollingTimes } from './rolling_times.js';
import { SourceHealth } from './source_health.js';

/** What the loop is doing; `waiting` until the first chunk, `holding` after a fault. */
export type LoopState = 'stopped' | 'waiting' | 'running' | 'holding';

/** Stamps further ahead of the clock than this come from a wrong clock, ns. */
const MAX_AHEAD_NS = 500_000_000n;
/** How often sources that went silent are looked for, ns. */
const WATCH_NS = 10_000_000n;
/** When what should have been done already is tried again, ns. */
const SOON_NS = 1_000_000n;
const TOO_SLOW: Fault = {
  status: 'overrun',
  reason: 'inference takes longer than the actions of a chunk last',
};
/** Chunks whose latency says how long the next one will take. */
const LATENCIES = 32;
/** Actions at the end of a chunk, where it comes to rest, that the next one should be in time to replace. */
const NOT_TO_REACH = 1;
/** Of the joints that a message names where others are expected. */
const MAX_NAMED_JOINTS = 10;

/**
 * What the node does all the time: messages in, at every control tick an observation, every few ticks a chunk,
 * checked and sent as a trajectory; a hold where one of them cannot be had. Knows neither ROS nor threads nor
 * timers: whoever owns it calls {@link receive} with messages and {@link poll} after them and when it asks to.
 */
export class PolicyLoop {
  /** Counts and times since the loop was made. */
  readonly statistics: LoopStatistics;
  readonly #maker: ChunkMaker;
  readonly #outputs: LoopOutputs;
  readonly #clock: LoopClock;
  readonly #window: ObservationWindow<ObservationValue>;
  readonly #arrivals: ArrivalModel;
  readonly #motion: MotionExecutor;
  readonly #health: SourceHealth;
  readonly #known = new KnownRows();
  readonly #time: LoopTime;
  readonly #prefetch: PicturePrefetch<ObservationValue>;
  /** From tick to trajectory, of the last chunks. */
  readonly #latencies = new RollingTimes(LATENCIES);
  #policy: LoopPolicy;
  #motionOf: PolicyMotion;
  #settings: LoopSettings;
  #state: LoopState = 'stopped';
  #fault: Fault | undefined;
  /** Whether the fault waits for somebody to say that the robot may go on. */
  #latched = false;
  /** Chunks in a row that left the limits. */
  #limited = 0;
  /** Tick of the last of them, ns. */
  #limitedAtNs = 0n;
  /** Until then the reason is not replaced by what only follows from it, ns. */
  #reasonHoldsUntilNs = 0n;
  /** Chunks begun in an earlier epoch are discarded. */
  #epoch = 0;
  #busy = false;
  #chunks = 0;
  /** When the actions of the chunk that is being made are over, ns. */
  #chunkEndsNs = 0n;
  /** When {@link poll} asked to be called. */
  #wakeNs: bigint | undefined;

  /**
   * @param pairing approximate-time pairing of sources, see {@link ObservationWindow}
   */
  constructor(
    policy: LoopPolicy,
    settings: LoopSettings,
    maker: ChunkMaker,
    outputs: LoopOutputs,
    clock: LoopClock,
    pairing?: { readonly slopNs: bigint },
  ) {
    this.#maker = maker;
    this.#outputs = outputs;
    this.#clock = clock;
    this.#time = new LoopTime(clock);
    this.#policy = policy;
    this.#settings = settings;
    this.#motionOf = policyMotion(policy);
    this.#motion = new MotionExecutor((trajectory) => outputs.trajectory(trajectory));
    const sources = policy.layout.sources.map(({ name }) => name);
    this.#window = new ObservationWindow({
      sources,
      obsSteps: policy.manifest.architecture.n_obs_steps,
      actionSteps: this.#stepsToNext(),
      rateHz: policy.rateHz,
      maxAgesNs: settings.maxAgesNs,
      ...(pairing && { pairing }),
    });
    this.#arrivals = new ArrivalModel(sources.length);
    this.#health = new SourceHealth(sources);
    this.#prefetch = new PicturePrefetch(this.#window, this.#arrivals, policy.layout, (i, sample) =>
      this.#maker.prefetch(i, sample),
    );
    this.statistics = new LoopStatistics(sources);
  }

  get state(): LoopState {
    return this.#state;
  }

  /** Why the robot is held or waited for; undefined when all is well. */
  get reason(): string | undefined {
    return this.#fault?.reason;
  }

  /** The same as a kind; `ok` when all is well. */
  get status(): keyof typeof FAULT_STATUS {
    return this.#fault?.status ?? 'ok';
  }

  /** Whether it goes on only after {@link recover}. */
  get needsRecovery(): boolean {
    return this.#latched;
  }

  /** What became of each source's messages once they were in the window. */
  get sourceCounts(): ObservationWindow<ObservationValue>['counts'] {
    return this.#window.counts;
  }

  /** Stamp of each source's last usable message, ns; also while the loop is stopped. */
  get lastStampsNs(): readonly (bigint | undefined)[] {
    return this.#health.lastStampsNs;
  }

  /** What moves the robot, to be looked at. */
  get motion(): Pick<MotionExecutor, 'positionsAt' | 'endNs'> {
    return this.#motion;
  }

  /** Begins to act. Chunks count from 0 again. */
  start(): void {
    this.#forget();
    this.#chunks = 0;
    this.#state = 'waiting';
    this.#fault = { status: 'missing_input', reason: 'waiting for observations' };
    this.#latched = false;
    this.#limited = 0;
  }

  /** Stops to act and brings the robot to rest. */
  stop(): void {
    if (this.#state === 'stopped') return;
    this.#hold(this.#now());
    this.#forget();
    this.#wakeNs = undefined;
    this.#state = 'stopped';
    this.#fault = undefined;
    this.#latched = false;
  }

  /** Ends the episode: the robot is held, the next observation begins a new history. */
  reset(reason: string, status: FaultStatus = 'reset'): void {
    if (this.#state !== 'stopped') this.#interrupt({ status, reason }, this.#now());
  }

  /** The robot may go on after a fault that waits for this. @returns whether one did */
  recover(): boolean {
    const was = this.#latched;
    this.#latched = false;
    this.#limited = 0;
    if (was) this.#forget();
    return was;
  }

  /** Takes effect with the next tick. */
  set settings(settings: LoopSettings) {
    // What moves the robot from now on is somebody else's: this motion ends, and nothing follows.
    if (settings.shadow && !this.#settings.shadow) this.#hold(this.#now());
    this.#settings = settings;
    this.#window.setMaxAges(settings.maxAgesNs);
    this.#window.setActionSteps(this.#stepsToNext());
  }

  /**
   * Takes over a policy with the same observations and rate; the next chunk is its first.
   * @throws BadInput as {@link policyMotion}; the policy before stays then
   */
  usePolicy(policy: LoopPolicy): void {
    this.#motionOf = policyMotion(policy);
    // Another policy's sample may be normalised otherwise.
    if (policy.policySha256 !== this.#policy.policySha256) this.#known.forget();
    this.#policy = policy;
  }

  /** A message of a source that can be used. */
  receive(source: number, stampNs: bigint, value: ObservationValue): void {
    const nowNs = this.#now();
    this.statistics.received(source, this.#clock.steadyMs());
    const isAhead = stampNs > nowNs + MAX_AHEAD_NS;
    const isOld = this.#time.patientNs - stampNs > this.#settings.maxAgesNs[source]!;
    this.#health.usable(source, isAhead || isOld ? undefined : stampNs);
    if (isAhead) {
      this.statistics.dropped(source, 'stamped_in_the_future');
      const seconds = toMs(stampNs - nowNs) / 1000;
      this.statistics.problem(source, `stamped ${seconds.toFixed(2)} s ahead of the node's clock`);
    } else if (isOld) {
      this.statistics.dropped(source, 'too_old_on_arrival');
      const seconds = toMs(nowNs - stampNs) / 1000;
      this.statistics.problem(source, `stamped ${seconds.toFixed(2)} s ago when it came`);
    } else {
      this.#arrivals.arrived(source, stampNs, nowNs);
      if (this.#state === 'stopped') return;
      this.#window.push(source, stampNs, value);
      this.#prefetch.arrived(source, this.#policy.manifest.architecture.n_obs_steps);
    }
  }

  /** A message of a source that cannot be used. Two in a row are a fault; one may be a damaged packet. */
  reject(source: number, why: string): void {
    const nowNs = this.#now();
    this.statistics.received(source, this.#clock.steadyMs());
    this.statistics.dropped(source, 'unusable');
    this.statistics.problem(source, why);
    if (!this.#health.unusable(source) || this.#state === 'stopped') return;
    // Whatever was the reason before, such as a reset: this is what has to be repaired now.
    if (this.#fault?.status !== 'unusable_input') {
      this.#interrupt({ status: 'unusable_input', reason: `unusable: ${why}` }, nowNs);
    }
  }

  /** A message of the topic that says nothing about a source. @param joints what it names instead */
  passOver(source: number, joints: readonly string[]): void {
    this.statistics.dropped(source, 'other_joints');
    if (this.lastStampsNs[source] !== undefined) return;
    const names = joints.slice(0, MAX_NAMED_JOINTS).join(', ') || 'no joint';
    this.statistics.problem(source, `its topic names only ${names}`);
  }

  /**
   * Does what is due.
   * @returns the time at which to call again if no message comes before, by the node's clock, ns
   */
  poll(): bigint {
    const nowNs = this.#now();
    if (this.#state === 'stopped') return nowNs + WATCH_NS;
    const dueNs = this.#window.nextTickNs;
    if (dueNs === undefined || dueNs <= nowNs) {
      const late = this.#wakeNs !== undefined && this.#wakeNs < nowNs ? nowNs - this.#wakeNs : 0n;
      for (const event of this.#window.advance(
        this.#arrivals.completeUntilNs(nowNs, this.#time.patientNs, this.#settings, this.#periodNs),
      )) {
        this.#onEvent(event, nowNs, late);
      }
    }
    this.#watch(nowNs);
    this.#wakeNs = this.#nextWakeNs(nowNs);
    return this.#wakeNs;
  }

  /** Notices between ticks that a source fell silent. */
  #watch(nowNs: bigint): void {
    if (this.#time.isCatchingUp) return;
    // Without a clock it would hold for ever.
    if (nowNs > 0n && nowNs < this.#reasonHoldsUntilNs) return;
    if (this.#health.hasFailed && this.#fault?.status === 'unusable_input') return;
    const reason = this.#notReady(nowNs);
    if (reason === undefined) {
      if (this.#busy && nowNs > this.#chunkEndsNs) this.#fail(TOO_SLOW, nowNs);
      return;
    }
    if (this.#window.nextTickNs !== undefined) this.#forget();
    this.#fail(inputFault(reason), nowNs);
  }

  /** Why nothing can be observed now. The window forgets at a fault what this loop still knows. */
  #notReady(nowNs: bigint): string | undefined {
    if (nowNs === 0n) return 'no time: use_sim_time is set and nothing came on /clock';
    const stale = this.#health.stale(this.#time.patientNs, this.#settings.maxAgesNs);
    if (stale !== undefined) return stale;
    const reason = this.#window.notReady(nowNs);
    // What is there of simulated time is judged at the ticks.
    if (!reason?.startsWith('missing')) return this.#settings.simTime ? undefined : reason;
    const source = this.#policy.layout.sources.findIndex(
      ({ name }) => reason === `missing: ${name}`,
    );
    const problem = source < 0 ? undefined : this.statistics.problemOf(source);
    return problem === undefined ? reason : `${reason}: ${problem}`;
  }

  #nextWakeNs(nowNs: bigint): bigint {
    const watchNs = nowNs + WATCH_NS;
    const tickNs = this.#window.nextTickNs;
    if (tickNs === undefined) return watchNs;
    const wakeNs =
      tickNs > nowNs ? tickNs : tickNs + this.#arrivals.waitNs(this.#settings, this.#periodNs);
    // A tick whose messages are waited for a little longer: see LoopTime.
    if (wakeNs < nowNs) return nowNs + SOON_NS;
    return wakeNs < watchNs ? wakeNs : watchNs;
  }

  /** Control ticks from the observation of a chunk to that of the next. */
  #stepsToNext(): number {
    const { actionSteps, asynchronous } = this.#settings;
    const delayNs = asynchronous ? this.#delayNs : undefined;
    if (delayNs === undefined) return actionSteps;
    const taken = Math.ceil(Number(delayNs) / Number(this.#periodNs));
    const { n_action_steps: actions } = this.#policy.manifest.architecture;
    return Math.max(1, Math.min(actionSteps, actions - taken - NOT_TO_REACH));
  }

  /** From a chunk's tick to when its motion can begin, for all but few chunks, ns; undefined before the first. */
  get #delayNs(): bigint | undefined {
    const latencyMs = this.#latencies.quantiles()?.p95;
    if (latencyMs === undefined) return undefined;
    return BigInt(Math.round(latencyMs * 1e6)) + this.#settings.leadNs;
  }

  get #periodNs(): bigint {
    return BigInt(Math.round(1e9 / this.#policy.rateHz));
  }

  #onEvent(event: WindowEvent<ObservationValue>, nowNs: bigint, latenessNs: bigint): void {
    if (event.kind === 'skipped') {
      this.statistics.skipped(event.reason);
      return;
    }
    if (event.kind === 'episode_end') {
      this.#epoch++;
      this.#fail(inputFault(event.reason), nowNs);
      return;
    }
    const delayNs = nowNs - event.tickNs;
    this.statistics.tick(toMs(latenessNs), toMs(delayNs), delayNs >= this.#periodNs);
    if (!event.due) {
      const { n_obs_steps: obsSteps } = this.#policy.manifest.architecture;
      this.#prefetch.observed(event.window.at(-1)!.samples, event.dueInTicks, obsSteps);
    } else if (this.#latched) {
      this.#window.retry();
    } else if (this.#busy) {
      this.statistics.overrun(this.#clock.steadyMs());
      this.#window.retry();
    } else {
      void this.#makeChunk(event);
    }
  }

  async #makeChunk(event: ObservationEvent): Promise<void> {
    const epoch = this.#epoch;
    const [policy, { spec, jointsAt }] = [this.#policy, this.#motionOf];
    const index = this.#chunks++;
    this.#busy = true;
    const { n_action_steps: actions } = policy.manifest.architecture;
    this.#chunkEndsNs = event.tickNs + BigInt(actions) * this.#periodNs;
    let made: MadeChunk | undefined;
    let failure: unknown;
    try {
      const { seed } = this.#settings;
      const inpainting = this.#knownAt(event.tickNs, policy);
      made = await this.#maker.chunk(event.window, {
        seed,
        index,
        ...(inpainting && { inpainting }),
      });
    } catch (error) {
      failure = error;
    }
    this.#busy = false;
    const nowNs = this.#now();
    if (epoch !== this.#epoch) {
      this.statistics.discarded('begun_before_a_reset');
    } else if (made === undefined) {
      this.statistics.discarded('inference_failed');
      const reason = `inference failed: ${messageOf(failure)}`;
      this.#interrupt({ status: 'inference_failed', reason }, nowNs);
    } else {
      const { latencyMs, observationMs } = made;
      const budgetMs = this.#settings.latencyBudgetMs;
      this.statistics.made(latencyMs, observationMs, budgetMs, this.#clock.steadyMs());
      const seen = jointsAt(event.window.at(-1)!);
      const verdict = this.#motion.command(
        made.action,
        spec,
        event.tickNs,
        nowNs,
        seen,
        this.#settings,
      );
      this.#countLimited(verdict, event.tickNs);
      const { limitStormChunks: most } = this.#settings;
      if (verdict.kind === 'refused') {
        this.statistics.discarded('refused_by_a_guard');
        const reason = `chunk refused: ${verdict.objection}`;
        this.#interrupt({ status: verdict.cause, reason }, nowNs);
      } else if (verdict.kind === 'over') {
        this.statistics.discarded('over_before_it_was_ready');
        this.#fail(TOO_SLOW, nowNs);
      } else {
        this.#known.execute({ sample: made.sample, tickNs: event.tickNs });
        this.statistics.intervened(verdict);
        this.#outputs.chunk(actionChunkMessage(BigInt(index), made, event, policy, spec));
        this.statistics.published(toMs(nowNs - newestOf(event)), toMs(nowNs - event.tickNs));
        this.#latencies.add(toMs(nowNs - event.tickNs));
        this.#window.setActionSteps(this.#stepsToNext());
        this.#running();
      }
      if (most > 0 && this.#limited >= most) this.#storm(nowNs);
    }
  }

  /** After a refusal chunks may follow each other at once: one counts in a control period. */
  #countLimited(verdict: MotionVerdict, tickNs: bigint): void {
    if (!leavesLimits(verdict)) {
      this.#limited = 0;
    } else if (this.#limited === 0 || tickNs >= this.#limitedAtNs + this.#periodNs) {
      this.#limited++;
      this.#limitedAtNs = tickNs;
    }
  }

  /** The policy wants again and again what the limits do not allow: something is wrong with it, or with them. */
  #storm(nowNs: bigint): void {
    const last = this.#fault ? `, the last one: ${this.#fault.reason}` : '';
    const reason = `limit storm: ${this.#limited} chunks in a row left the limits${last}`;
    this.#limited = 0;
    this.#interrupt({ status: 'limit_storm', reason }, nowNs);
  }

  /** What is known of the chunk of a tick, where chunks are denoised to go on from each other. */
  #knownAt(tickNs: bigint, { manifest }: LoopPolicy): Inpainting | undefined {
    const { join, asynchronous, leadNs } = this.#settings;
    // Where the robot waits for it, a chunk begins when the one before is over, as in training.
    if (join !== 'rtc' || !asynchronous) return undefined;
    const delayNs = this.#delayNs ?? leadNs;
    return this.#known.of(manifest.architecture, { tickNs, periodNs: this.#periodNs, delayNs });
  }

  #running(): void {
    const wasHeld = this.#state !== 'running';
    this.#state = 'running';
    this.#fault = undefined;
    this.#reasonHoldsUntilNs = 0n;
    if (wasHeld) this.#outputs.fault(undefined);
  }

  /** A fault after which nothing goes on from where it was. */
  #interrupt(fault: Fault, nowNs: bigint): void {
    this.#forget();
    this.#fail(fault, nowNs);
  }

  #fail(fault: Fault, nowNs: bigint): void {
    // What follows from a fault that waits for somebody does not hide it.
    if (this.#latched) return;
    const kind = faultKind(fault.reason);
    if (this.#state === 'running') this.statistics.fault(kind);
    // Before the first chunk there is nothing to hold: it is only waited.
    const state = this.#state === 'running' || this.#motion.begun ? 'holding' : this.#state;
    const isNews = this.#state !== state || faultKind(this.#fault?.reason ?? '') !== kind;
    this.#hold(nowNs);
    this.#state = state;
    this.#fault = fault;
    this.#latched = state === 'holding' && this.#settings.manualRecovery.includes(fault.status);
    if (!isNews) return;
    this.#outputs.fault(fault.reason);
    if (state === 'holding') {
      this.#outputs.chunk(faultMessage(fault.status, nowNs, this.#policy, this.#motionOf.spec));
    }
  }

  #hold(nowNs: bigint): void {
    this.#known.forget();
    if (this.#motion.hold(nowNs, this.#settings)) this.statistics.held();
  }

  /** The clock's time, ns. When it was set, nothing goes on from where it was. */
  #now(): bigint {
    const lastNs = this.#time.nowNs;
    const jump = this.#time.look(this.#periodNs, this.#settings.simTime, this.#wakeNs);
    if (jump !== undefined) {
      this.statistics.jumped();
      this.#arrivals.reset();
      this.#health.forgetStamps();
      this.#wakeNs = undefined;
      // Where the robot was told to be by the clock as it went before.
      if (this.#state !== 'stopped') {
        this.#interrupt({ status: 'clock_jump', reason: `the clock jumped ${jump}` }, lastNs);
      }
      this.#motion.forget();
      this.#known.forget();
    }
    return this.#time.nowNs;
  }

  /** Ends the episode; what is under way will be discarded. */
  #forget(): void {
    this.#epoch++;
    this.#window.reset();
    const oldest = this.#settings.maxAgesNs.reduce((most, age) => (age > most ? age : most), 0n);
    this.#reasonHoldsUntilNs = this.#time.nowNs + oldest;
  }
}

/** Stamp of the newest message in the newest observation, ns. */
function newestOf({ window }: ObservationEvent): bigint {
  const { samples } = window.at(-1)!;
  return samples.reduce((newest, { stampNs }) => (stampNs > newest ? stampNs : newest), 0n);
}

/** Whether a chunk would have left the limits of positions, or was refused for any limit. */
function leavesLimits(verdict: MotionVerdict): boolean {
  return verdict.kind === 'sent'
    ? verdict.clamped > 0
    : verdict.kind === 'refused' && verdict.cause === 'limit';
}

function toMs(ns: bigint): number {
  return Number(ns) / 1e6;
}
