/**
 * What this project uses of rclnodejs 2.2. Its own type definitions exist only where it was built with a ROS 2,
 * and this project compiles without one.
 */
export interface Rclnodejs {
  init(context?: unknown, argv?: readonly string[]): Promise<void>;
  shutdown(): void;
  removeSignalHandlers(): void;
  readonly lifecycle: {
    readonly LifecycleNode: new (
      name: string,
      namespace: string,
      context: unknown,
      options: unknown,
      communication: boolean,
    ) => RosNode;
  };
  readonly Context: { defaultContext(): { readonly handle: unknown } };
  readonly NodeOptions: { readonly defaultOptions: unknown };
  readonly Parameter: {
    new (name: string, type: number, value: unknown): RosParameter;
    readonly prototype: { _type: number; _value: unknown; validate(): void };
  };
  readonly ParameterDescriptor: new (
    name: string,
    type: number,
    description: string,
    readOnly: boolean,
    range: unknown,
  ) => RosParameterDescriptor;
  readonly QoS: new (
    history: number,
    depth: number,
    reliability: number,
    durability: number,
  ) => unknown;
}

/** Values of rmw's QoS policies. */
export const QOS = {
  keepLast: 1,
  reliable: 1,
  bestEffort: 2,
  transientLocal: 1,
  volatile: 2,
} as const;

export interface RosParameter {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

export interface RosParameterDescriptor {
  /** The message that describes the parameter to peers. */
  toMessage(): object;
}

/** Outcome of setting parameters, rcl_interfaces/msg/SetParametersResult. */
export interface SetParametersResult {
  readonly successful: boolean;
  readonly reason: string | null;
}

export interface RosPublisher {
  /** @param message a plain object, or a serialised message as Buffer */
  publish(message: object): void;
}

/** A subscription of raw messages. */
export interface RosSubscription {
  readonly topic: string;
  readonly publisherCount: number;
}

/** How a service answers; may be used after its callback returned. */
export interface ServiceResponse {
  /** An answer with all fields at their defaults. */
  readonly template: Record<string, unknown>;
  send(response: object): void;
}

export interface RosLogger {
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** A lifecycle node. Names with an underscore are rclnodejs' own, used where it has nothing public. */
export interface RosNode {
  name(): string;
  namespace(): string;
  getFullyQualifiedName(): string;
  getLogger(): RosLogger;
  now(): { readonly nanoseconds: bigint };
  spin(timeoutMs: number): void;
  destroy(): void;
  /** Called by the executor with the handles that are ready. */
  execute(handles: unknown): void;
  createPublisher(type: string, topic: string, options: { qos: unknown }): RosPublisher;
  createSubscription(
    type: string,
    topic: string,
    options: { qos: unknown; isRaw: true },
    callback: (cdr: Buffer) => void,
  ): RosSubscription;
  createSubscription(
    type: string,
    topic: string,
    options: { qos: unknown },
    callback: (message: never) => void,
  ): RosSubscription;
  destroySubscription(subscription: RosSubscription): void;
  createService(
    type: string,
    name: string,
    options: object,
    callback: (request: never, response: ServiceResponse) => unknown,
  ): unknown;
  declareParameter(
    parameter: RosParameter,
    descriptor: RosParameterDescriptor,
    ignoreOverride: boolean,
  ): RosParameter;
  undeclareParameter(name: string): void;
  hasParameter(name: string): boolean;
  getParameter(name: string): RosParameter;
  getParameterNames(): string[];
  getParameterOverrides(): ReadonlyMap<string, RosParameter>;
  setParameters(parameters: readonly RosParameter[]): SetParametersResult[];
  addPreSetParametersCallback(change: (parameters: RosParameter[]) => RosParameter[]): void;
  addPostSetParametersCallback(notice: (parameters: RosParameter[]) => void): void;
  readonly currentState: { readonly id: number; readonly label: string };
  _onChangeState(request: ChangeStateRequest, response: ServiceResponse): unknown;
  _validateParameters(parameters: readonly RosParameter[], declaring: boolean): SetParametersResult;
  readonly _parameterService: ParameterService;
  readonly _stateMachineHandle: unknown;
  readonly _timeSource: RosTimeSource;
}

/** What makes a node live by /clock where `use_sim_time` says so. */
export interface RosTimeSource {
  _clockSubscription: RosSubscription | undefined;
  _clockCallback(message: unknown): void;
  _subscribeToClockTopic(): void;
}

/** Handlers of the parameter services. */
export type ParameterService = Record<
  | '_handleListParameters'
  | '_handleDescribeParameters'
  | '_handleGetParameters'
  | '_handleGetParameterTypes'
  | '_handleSetParameters'
  | '_handleSetParametersAtomically',
  (request: ParameterRequest, response: ServiceResponse) => void
>;

/** Request of a parameter service, as far as it is looked at here: what those to set have. */
export interface ParameterRequest {
  readonly parameters: readonly unknown[];
}

/** Request of lifecycle_msgs/srv/ChangeState. */
export interface ChangeStateRequest {
  readonly transition: { readonly id: number; readonly label: string };
}

/** rclnodejs' native part, for what its JavaScript part does in one synchronous go. */
export interface RclNative {
  /** @throws Error when the state has no such transition */
  triggerLifecycleTransitionById(machine: unknown, id: number): { readonly id: number };
  /** @throws Error when the state has no such transition */
  triggerLifecycleTransitionByLabel(machine: unknown, label: string): { readonly id: number };
  /** The transition of that label which begins in the current state; `id` is missing where there is none. */
  getLifecycleTransitionByLabel(machine: unknown, label: string): { readonly id?: number };
  /** Label of the transition by which a callback of a result (97 success, 98 failure, 99 error) ends. */
  getLifecycleTransitionIdToLabel(result: number): string;
  /** Parameter overrides of the command line and of parameter files, by the key of their node. */
  getParameterOverrides(context: unknown):
    | readonly {
        readonly name: string;
        readonly parameters: readonly { name: string; type: number; value: unknown }[];
      }[]
    | undefined;
}
