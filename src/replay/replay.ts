import type { BagWriter } from '../bag/bag_writer.js';
import { writeBag } from '../bag/write_bag.js';
import { objectionToJointTrajectory } from '../control/check_joint_trajectory.js';
import type { DriftReference } from '../control/drift_distance.js';
import { DriftMonitor } from '../control/drift_monitor.js';
import { ConditionBuilder } from '../control/condition_builder.js';
import {
  jointTrajectory,
  trajectorySpec,
  type TrajectorySpec,
} from '../control/joint_trajectory.js';
import { Tally } from '../control/tally.js';
import type { PolicyRunner } from '../inference/policy_runner.js';
import { seededChunkNoise } from '../inference/seeded_noise.js';
import type { PolicyManifest } from '../policy/manifest.js';
import { actionChunkMessage, type ObservationEvent } from '../control/action_chunk_message.js';
import { BagObservations, type ObserveBagOptions } from './bag_observations.js';
import { jointsAtTick } from '../control/joints_at_tick.js';
import { thumbnailOf } from '../control/thumbnail.js';
import { replayDrift } from './replay_drift.js';
import { latencyOf, type ReplayStatistics } from './replay_statistics.js';

/** Topics of a replayed bag. */
export const TRAJECTORY_TOPIC = '/policy/joint_trajectory';
export const CHUNK_TOPIC = '/policy/action_chunk';
/** File beside the bag that holds the {@link ReplayStatistics}. */
export const STATISTICS_FILE = 'statistics.json';

/** A policy as it is replayed: ready to run, and the digests that say what it is. */
export type ReplayedPolicy = PolicyRunner & {
  readonly policySha256: string;
  /** Undefined for the dense policy. */
  readonly planSha256: string | undefined;
};

export interface ReplayOptions extends ObserveBagOptions {
  /** Bag to read, and where to write: a rosbag2 directory, or a file when it ends in .mcap. */
  readonly bag: string;
  readonly out: string;
  /** What observations are to be like, as the plan says. */
  readonly drift?: DriftReference;
  /** Of the noise; the same seed and plan give the same actions. */
  readonly seed: number;
}

/**
 * Does on a bag what the node does on a robot: observes, denoises a chunk every n_action_steps control ticks,
 * and writes each as a JointTrajectory and an ActionChunk into a new bag. Messages of the new bag are logged
 * at the time of their tick (the stamp), so that two replays differ in the measured latencies only.
 */
export class Replay {
  readonly #manifest: PolicyManifest;
  readonly #options: ReplayOptions;
  readonly #spec: TrajectorySpec;
  readonly #observations: BagObservations;
  readonly #startOf: ReturnType<typeof jointsAtTick>;
  readonly #warnings: string[];
  readonly #skipped = new Tally();
  readonly #ended = new Tally();
  readonly #latencies: number[] = [];
  readonly #observationTimes: number[] = [];
  readonly #drift: DriftMonitor | undefined;
  readonly #thumbnails = new Map<string, Float32Array>();
  #controlTicks = 0;

  private constructor(
    manifest: PolicyManifest,
    options: ReplayOptions,
    spec: TrajectorySpec,
    observations: BagObservations,
    warnings: string[],
  ) {
    this.#manifest = manifest;
    this.#options = options;
    this.#spec = spec;
    this.#observations = observations;
    this.#startOf = jointsAtTick(observations.layout, spec, whereOf(options));
    this.#warnings = warnings;
    this.#drift = options.drift && new DriftMonitor(options.drift);
  }

  /**
   * Checks that package and bag fit together, before a policy is loaded.
   * @throws BadInput naming what is missing in either
   */
  static async open(manifest: PolicyManifest, options: ReplayOptions): Promise<Replay> {
    const warnings: string[] = [];
    const spec = trajectorySpec(manifest.action, whereOf(options));
    const observations = await BagObservations.open(manifest, options.bag, {
      ...options,
      onWarning: (message) => {
        warnings.push(message);
        options.onWarning?.(message);
      },
    });
    return new Replay(manifest, options, spec, observations, warnings);
  }

  /** Messages that {@link run} reads. */
  get messages(): number {
    return this.#observations.messages;
  }

  /**
   * Replays the bag; to be called once.
   * @returns what is also written beside the bag
   * @throws BadInput when a message cannot be used; then nothing is written
   */
  async run(policy: ReplayedPolicy): Promise<ReplayStatistics> {
    const builder = new ConditionBuilder(
      this.#manifest,
      this.#observations.layout,
      async (name, rgb) => {
        if (this.#options.drift?.pictures.has(name)) {
          this.#thumbnails.set(name, thumbnailOf(this.#manifest, name, rgb));
        }
        return policy.encodeImage(name, rgb);
      },
    );
    let statistics: ReplayStatistics | undefined;
    await writeBag(
      this.#options.out,
      async (writer) => {
        await this.#fill(writer, policy, builder);
        statistics = await this.#statistics(policy);
      },
      () => ({ [STATISTICS_FILE]: `${JSON.stringify(statistics, null, 2)}\n` }),
      { policy_sha256: policy.policySha256, plan_sha256: policy.planSha256 ?? '' },
    );
    return statistics!;
  }

  async #fill(writer: BagWriter, policy: ReplayedPolicy, builder: ConditionBuilder): Promise<void> {
    await writer.addTopic(TRAJECTORY_TOPIC, 'trajectory_msgs/msg/JointTrajectory');
    await writer.addTopic(CHUNK_TOPIC, 'bac_policy/msg/ActionChunk');
    for await (const event of this.#observations.events()) {
      if (event.kind === 'skipped') this.#skipped.add(event.reason);
      // The time differs every time; what is counted is which source it was.
      if (event.kind === 'episode_end') this.#ended.add(event.reason.replace(/ \d+ ms .*$/, ''));
      if (event.kind !== 'observation') continue;
      this.#controlTicks++;
      if (event.due) await this.#chunk(writer, policy, builder, event);
    }
  }

  async #chunk(
    writer: BagWriter,
    policy: ReplayedPolicy,
    builder: ConditionBuilder,
    event: ObservationEvent,
  ): Promise<void> {
    const started = performance.now();
    const condition = await builder.build(event.window);
    this.#observationTimes.push(performance.now() - started);
    this.#drift?.observe(condition, this.#thumbnails);
    const { horizon: T, action_dim: A } = this.#manifest.architecture;
    const id = this.#latencies.length;
    const noise = seededChunkNoise(
      this.#options.seed,
      id,
      this.#manifest.noise_scheduler.steps,
      T,
      A,
    );
    const chunk = await policy.denoise(condition, noise);
    this.#latencies.push(chunk.latencyMs);

    const { tickNs, window } = event;
    const start = this.#startOf(window.at(-1)!);
    const trajectory = jointTrajectory(chunk.action, this.#spec, tickNs, start);
    const objection = objectionToJointTrajectory(trajectory, this.#spec.jointNames);
    if (objection !== undefined) {
      throw new Error(`chunk ${id}: a controller would reject the trajectory: ${objection}`);
    }
    await writer.write(TRAJECTORY_TOPIC, trajectory, tickNs);
    const message = actionChunkMessage(BigInt(id), chunk, event, policy, this.#spec);
    await writer.write(CHUNK_TOPIC, message, tickNs);
  }

  async #statistics(policy: ReplayedPolicy): Promise<ReplayStatistics> {
    const { rateHz } = this.#spec;
    const lastsMs = (this.#manifest.architecture.n_action_steps * 1000) / rateHz;
    const sources = this.#observations.sources;
    return {
      format: 'bac_policy/replay_statistics@1',
      bag: this.#options.bag,
      policy_sha256: policy.policySha256,
      plan_sha256: policy.planSha256 ?? null,
      seed: this.#options.seed,
      rate_hz: rateHz,
      max_age_ms: Number(this.#observations.maxAgeNs) / 1e6,
      chunks: this.#latencies.length,
      episodes: this.#observations.episodes,
      control_ticks: this.#controlTicks,
      latency_ms: await latencyOf(this.#latencies),
      observation_ms: await latencyOf(this.#observationTimes),
      in_time: this.#latencies.filter((ms, i) => ms + this.#observationTimes[i]! <= lastsMs).length,
      ticks_without_chunk: this.#skipped.toRecord(),
      episodes_ended: this.#ended.toRecord(),
      ...(this.#drift && { drift: replayDrift(this.#drift, this.#manifest) }),
      sources: sources.map(({ name, topic, counts }) => ({ name, topic, ...counts })),
      warnings: this.#warnings,
    };
  }
}

function whereOf({ packagePath }: ReplayOptions): string {
  return packagePath ?? 'policy.json';
}
