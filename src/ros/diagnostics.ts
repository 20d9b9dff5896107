import { FAULT_STATUS } from '../control/fault_status.js';
import type { LoopReport } from '../control/loop_statistics.js';
import type { LoopState } from '../control/policy_loop.js';
import type { SourceCounts } from '../control/observation_window.js';
import type { TimeQuantiles } from '../control/rolling_times.js';
import type { RosTime } from '../control/ros_messages.js';
import { type DiagnosticStatus, LEVEL, prefixed, statusOf } from './diagnostic_status.js';
import type { DiagnosedDrift } from './drift_guard.js';
import { driftStatus } from './drift_status.js';
import type { LoadedPolicy } from '../inference/worker/loaded_policy.js';

/** What diagnostics are made from. */
export interface DiagnosedNode {
  /** Fully qualified name of the node. */
  readonly name: string;
  /** Lifecycle state. */
  readonly lifecycle: string;
  /** What went wrong with the last loading of a policy; undefined when nothing did. */
  readonly problem: string | undefined;
  /** Whether the node's clock has not moved since the last diagnostics, as when a simulation is paused. */
  readonly clockStands: boolean;
  /** Of a configured node. */
  readonly policy: DiagnosedPolicy | undefined;
  /** Where the plan that runs says what observations are to be like. */
  readonly drift: DiagnosedDrift | undefined;
}

export interface DiagnosedPolicy {
  readonly loaded: LoadedPolicy;
  readonly state: LoopState;
  readonly reason: string | undefined;
  readonly status: keyof typeof FAULT_STATUS;
  /** Whether the robot goes on only when it is told that it may. */
  readonly needsRecovery: boolean;
  readonly shadow: boolean;
  /** Of the policy's, those that the robot description limits. */
  readonly describedJoints: number;
  /** Whether the execution provider was left to the node. */
  readonly providerIsFree: boolean;
  readonly report: LoopReport;
  readonly sources: readonly DiagnosedSource[];
}

export interface DiagnosedSource {
  readonly name: string;
  readonly topic: string;
  readonly publishers: number;
  /** Of a camera's last raw picture, WIDTHxHEIGHT. */
  readonly picture: string | undefined;
  /** Of the newest usable message, ms; undefined when there is none. */
  readonly ageMs: number | undefined;
  readonly maxAgeMs: number;
  /** What became of the messages in the observation window. */
  readonly counts: Readonly<SourceCounts>;
}

/** The message diagnostic_msgs/msg/DiagnosticArray of a node: the loop, the inference, every source. */
export function diagnosticArray(node: DiagnosedNode, stamp: RosTime): object {
  const status = [loopStatus(node)];
  if (node.policy) {
    status.push(inferenceStatus(node.name, node.policy));
    if (node.drift) status.push(driftStatus(node.name, node.drift));
    for (const i of node.policy.sources.keys())
      status.push(sourceStatus(node.name, node.policy, i));
  }
  return { header: { stamp, frame_id: '' }, status };
}

function loopStatus({
  name,
  lifecycle,
  problem,
  clockStands,
  policy,
}: DiagnosedNode): DiagnosticStatus {
  const title = `${name}: control loop`;
  if (!policy) {
    const level = problem === undefined ? LEVEL.ok : LEVEL.error;
    return statusOf(title, level, problem ?? lifecycle, { lifecycle });
  }
  const { state, report, shadow } = policy;
  const clock = clockStands ? 'the clock stands still' : undefined;
  const recovery = policy.needsRecovery ? 'it goes on after ~/recover' : undefined;
  const reasons = [policy.reason, recovery, clock, problem].filter((one) => one !== undefined);
  const reason = reasons.length > 0 ? reasons.join('; ') : undefined;
  const levels = {
    stopped: LEVEL.ok,
    running: LEVEL.ok,
    waiting: LEVEL.warn,
    holding: LEVEL.error,
  };
  const least = problem !== undefined ? LEVEL.error : clockStands ? LEVEL.warn : LEVEL.ok;
  const level = Math.max(levels[state], least);
  return statusOf(title, level, reason === undefined ? state : `${state}: ${reason}`, {
    lifecycle,
    state,
    status: policy.status,
    status_code: FAULT_STATUS[policy.status],
    ...(reason !== undefined && { reason }),
    ...(shadow && { shadow: 'true: no trajectories are published' }),
    control_ticks: report.ticks,
    control_ticks_missed: report.ticksMissed,
    ...times('tick_lateness', report.tickLateness),
    ...times('tick_delay', report.tickDelay),
    chunks_published: report.published,
    ...times('observation_to_publish', report.observationToPublish),
    ...times('tick_to_publish', report.tickToPublish),
    ...prefixed('chunks_discarded.', report.discarded),
    ...prefixed('ticks_without_chunk.', report.skipped),
    ...prefixed('faults.', report.faults),
    joints_limited_by_robot_description: policy.describedJoints,
    chunks_clamped_to_limits: report.clampedChunks,
    chunks_slowed_to_limits: report.slowedChunks,
    holds: report.holds,
    clock_jumps: report.clockJumps,
  });
}

function inferenceStatus(
  name: string,
  { loaded, report, providerIsFree }: DiagnosedPolicy,
): DiagnosticStatus {
  const { overruns, overBudget, lateRecently: late } = report;
  const { providerNote, budgetNote } = loaded;
  const notes = [providerNote, budgetNote].filter((note) => note !== undefined);
  const message = late
    ? `${overruns} deadlines missed, ${overBudget} chunks over the latency budget`
    : notes.join('; ') || `${loaded.planName} on ${loaded.provider}`;
  // Where the choice is left to the node, the CPU is as good an outcome as any.
  const isWorse = budgetNote !== undefined || (providerNote !== undefined && !providerIsFree);
  const level = late || isWorse ? LEVEL.warn : LEVEL.ok;
  return statusOf(`${name}: inference`, level, message, {
    plan: loaded.planName,
    ...(loaded.preset !== undefined && { preset: loaded.preset }),
    plan_sha256: loaded.planSha256 ?? '',
    policy_sha256: loaded.policySha256,
    provider: loaded.provider,
    ...(loaded.providerNote !== undefined && { provider_note: loaded.providerNote }),
    ...(loaded.budgetNote !== undefined && { budget_note: loaded.budgetNote }),
    warm_up_median_ms: loaded.warmUp.medianMs.toFixed(2),
    chunks: report.chunks,
    ...times('denoising', report.inference),
    ...times('observation', report.observation),
    deadline_misses: overruns,
    over_latency_budget: overBudget,
  });
}

function sourceStatus(name: string, policy: DiagnosedPolicy, i: number): DiagnosticStatus {
  const { publishers, topic, picture, ageMs, maxAgeMs, counts, name: source } = policy.sources[i]!;
  const { rateHz, received, dropped, problem } = policy.report.sources[i]!;
  const fresh = ageMs !== undefined && ageMs <= maxAgeMs;
  const what =
    publishers === 0
      ? 'no publisher'
      : ageMs === undefined
        ? (problem ?? 'no usable message')
        : `${rateHz.toFixed(1)} Hz, the newest usable message is ${ageMs.toFixed(0)} ms old`;
  const level = fresh ? LEVEL.ok : policy.state === 'stopped' ? LEVEL.warn : LEVEL.error;
  return statusOf(`${name}: source ${source}`, level, fresh ? `${rateHz.toFixed(1)} Hz` : what, {
    topic,
    publishers,
    ...(picture !== undefined && { picture }),
    rate_hz: rateHz.toFixed(2),
    age_ms: ageMs === undefined ? 'none' : ageMs.toFixed(1),
    max_age_ms: maxAgeMs.toFixed(1),
    received,
    used: counts.used,
    ...prefixed('dropped.', {
      superseded: counts.superseded,
      outside_episode: counts.outside_episode,
      duplicate: counts.duplicate,
      out_of_order: counts.out_of_order,
      ...dropped,
    }),
    ...(problem !== undefined && { last_problem: problem }),
  });
}

function times(what: string, quantiles: TimeQuantiles | null): Record<string, string> {
  if (!quantiles) return {};
  const { p50, p95, p99, max } = quantiles;
  return Object.fromEntries(
    Object.entries({ p50, p95, p99, max }).map(([q, ms]) => [`${what}_${q}_ms`, ms.toFixed(3)]),
  );
}
