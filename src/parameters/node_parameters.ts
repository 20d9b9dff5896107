import { FAULT_STATUS, type FaultStatus } from '../control/fault_status.js';
import type { JoinMode } from '../control/motion/joined_targets.js';
import type { MotionLimits } from '../control/motion/motion_limits.js';
import { BadInput } from '../errors.js';
import { PRESETS, type Preset } from '../policy/presets.js';
import type { ParameterValue } from './parameter_declaration.js';

const EXECUTION_PROVIDERS = ['auto', 'cuda', 'cpu'] as const;
const SYNCS = ['latest', 'approximate'] as const;
const TRAJECTORY_STAMPS = ['tick', 'publish', 'zero'] as const;
const JOIN_MODES = ['rtc', 'replace', 'blend', 'ensemble'] as const;
const LIMIT_POLICIES = ['saturate', 'refuse'] as const;
const FAULTS = Object.keys(FAULT_STATUS).filter((name) => name !== 'ok') as FaultStatus[];
const RELIABILITIES = ['default', 'best_effort', 'reliable'] as const;

export type ExecutionProvider = (typeof EXECUTION_PROVIDERS)[number];
export type Sync = (typeof SYNCS)[number];
export type TrajectoryStamp = (typeof TRAJECTORY_STAMPS)[number];
export type LimitPolicy = (typeof LIMIT_POLICIES)[number];
export type SourceReliability = (typeof RELIABILITIES)[number];

/** Parameters of one observation source. */
export interface SourceParameters {
  /** Empty: the policy's. */
  readonly topic: string;
  /** 0: the node's. */
  readonly maxAgeMs: number;
  readonly reliability: SourceReliability;
  /** QoS history depth; 0: the kind's default. */
  readonly depth: number;
}

/** What is done when observations are unlike those that a plan was calibrated on. */
export interface DriftParameters {
  readonly monitor: boolean;
  /** A preset or the path of a plan; empty: none. */
  readonly fallback: string;
  /** s */
  readonly calmS: number;
  /** 0: none. */
  readonly checkEvery: number;
}

/** All parameters of the node; config/parameters.yaml says what they mean and which values are special. */
export interface NodeParameters {
  readonly policy: string;
  readonly plan: string;
  readonly preset: Preset;
  readonly latencyBudgetMs: number;
  readonly executionProvider: ExecutionProvider;
  readonly providerFallback: boolean;
  readonly threads: number;
  readonly rateHz: number;
  readonly actionHorizon: number;
  readonly maxAgeMs: number;
  readonly observationWaitMs: number;
  readonly sync: Sync;
  readonly syncSlopMs: number;
  readonly seed: number;
  readonly shadow: boolean;
  readonly trajectoryStamp: TrajectoryStamp;
  readonly asynchronous: boolean;
  readonly join: JoinMode;
  /** Control periods; negative: as {@link join} has it. */
  readonly smoothing: number;
  /** Names of joints. */
  readonly discreteJoints: readonly string[];
  /** Hz; 0: a point for each action. */
  readonly trajectoryRateHz: number;
  /** Hz; 0: no positions are published. */
  readonly positionRateHz: number;
  readonly leadMs: number;
  readonly stopMs: number;
  readonly onLimit: LimitPolicy;
  readonly limits: MotionLimits & {
    /** Whether those of the robot description count as well. */
    readonly robotDescription: boolean;
  };
  /** Chunks; 0: never. */
  readonly limitStormChunks: number;
  readonly manualRecovery: readonly FaultStatus[];
  readonly drift: DriftParameters;
  readonly recordSeconds: number;
  /** MB, 10^6 bytes. */
  readonly recordMaxMb: number;
  readonly autostart: boolean;
  readonly sourceNames: readonly string[];
  /** Of every one of {@link sourceNames}. */
  readonly sources: Readonly<Record<string, SourceParameters>>;
}

/**
 * The typed record of accepted values ({@link acceptValue}) by their ROS names.
 * @throws BadInput naming a parameter that is missing or of the wrong type
 */
export function nodeParameters(values: ReadonlyMap<string, ParameterValue>): NodeParameters {
  const read = new TypedValues(values);
  const sourceNames = read.strings('source_names');
  return {
    policy: read.string('policy'),
    plan: read.string('plan'),
    preset: read.oneOf('preset', PRESETS),
    latencyBudgetMs: read.number('latency_budget_ms'),
    executionProvider: read.oneOf('execution_provider', EXECUTION_PROVIDERS),
    providerFallback: read.boolean('provider_fallback'),
    threads: read.number('threads'),
    rateHz: read.number('rate_hz'),
    actionHorizon: read.number('action_horizon'),
    maxAgeMs: read.number('max_age_ms'),
    observationWaitMs: read.number('observation_wait_ms'),
    sync: read.oneOf('sync', SYNCS),
    syncSlopMs: read.number('sync_slop_ms'),
    seed: read.number('seed'),
    shadow: read.boolean('shadow'),
    trajectoryStamp: read.oneOf('trajectory_stamp', TRAJECTORY_STAMPS),
    asynchronous: read.boolean('asynchronous'),
    join: read.oneOf('join', JOIN_MODES),
    smoothing: read.number('smoothing'),
    discreteJoints: read.strings('discrete_joints'),
    trajectoryRateHz: read.number('trajectory_rate_hz'),
    positionRateHz: read.number('position_rate_hz'),
    leadMs: read.number('lead_ms'),
    stopMs: read.number('stop_ms'),
    onLimit: read.oneOf('on_limit', LIMIT_POLICIES),
    limits: {
      robotDescription: read.boolean('limits.robot_description'),
      positionMin: read.numbers('limits.position_min'),
      positionMax: read.numbers('limits.position_max'),
      velocity: read.numbers('limits.velocity'),
      acceleration: read.numbers('limits.acceleration'),
      jerk: read.numbers('limits.jerk'),
    },
    limitStormChunks: read.number('limit_storm_chunks'),
    manualRecovery: read.someOf('manual_recovery', FAULTS),
    drift: {
      monitor: read.boolean('drift.monitor'),
      fallback: read.string('drift.fallback'),
      calmS: read.number('drift.calm_s'),
      checkEvery: read.number('drift.check_every'),
    },
    recordSeconds: read.number('record_seconds'),
    recordMaxMb: read.number('record_max_mb'),
    autostart: read.boolean('autostart'),
    sourceNames,
    sources: Object.fromEntries(
      sourceNames.map((name) => [
        name,
        {
          topic: read.string(`sources.${name}.topic`),
          maxAgeMs: read.number(`sources.${name}.max_age_ms`),
          reliability: read.oneOf(`sources.${name}.reliability`, RELIABILITIES),
          depth: read.number(`sources.${name}.depth`),
        },
      ]),
    ),
  };
}

/** Values by name that are checked to be of the expected type. */
class TypedValues {
  readonly #values: ReadonlyMap<string, ParameterValue>;

  constructor(values: ReadonlyMap<string, ParameterValue>) {
    this.#values = values;
  }

  boolean(name: string): boolean {
    return this.#read(name, 'a bool', (value) => typeof value === 'boolean');
  }

  number(name: string): number {
    return this.#read(name, 'a number', (value) => typeof value === 'number');
  }

  string(name: string): string {
    return this.#read(name, 'a string', (value) => typeof value === 'string');
  }

  numbers(name: string): readonly number[] {
    const isNumbers = (value: unknown): value is readonly number[] =>
      Array.isArray(value) && value.every((element) => typeof element === 'number');
    return this.#read(name, 'an array of numbers', isNumbers);
  }

  strings(name: string): readonly string[] {
    const isStrings = (value: unknown): value is readonly string[] =>
      Array.isArray(value) && value.every((element) => typeof element === 'string');
    return this.#read(name, 'an array of strings', isStrings);
  }

  someOf<T extends string>(name: string, allowed: readonly T[]): readonly T[] {
    const areAllowed = (value: unknown): value is readonly T[] =>
      Array.isArray(value) && value.every((one) => allowed.some((known) => known === one));
    return this.#read(name, `some of ${allowed.join(', ')}`, areAllowed);
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    const isAllowed = (value: unknown): value is T => allowed.some((known) => known === value);
    return this.#read(name, `one of ${allowed.join(', ')}`, isAllowed);
  }

  #read<T>(name: string, expected: string, is: (value: unknown) => value is T): T {
    const value = this.#values.get(name);
    if (is(value)) return value;
    throw new BadInput(
      value === undefined ? 'is not declared' : `must be ${expected}`,
      name,
      'correct this parameter',
    );
  }
}
