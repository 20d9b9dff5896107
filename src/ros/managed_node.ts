import { messageOf } from '../errors.js';
import type { ChangeStateRequest, RclNative, RosNode, ServiceResponse } from './rclnodejs_api.js';

/** What a node does at each transition. Those that throw lead to error processing. */
export interface LifecycleHooks {
  configure(): Promise<void>;
  activate(): void;
  deactivate(): void;
  cleanup(): Promise<void>;
  shutdown(): Promise<void>;
  /** Frees what a failed transition left. @param error what it threw */
  error(error: unknown): Promise<void>;
}

/** Transition ids of lifecycle_msgs/msg/Transition. */
const TRANSITIONS = {
  configure: 1,
  cleanup: 2,
  activate: 3,
  deactivate: 4,
  unconfigured_shutdown: 5,
  inactive_shutdown: 6,
  active_shutdown: 7,
} as const;
const BY_ID = new Map<number, keyof typeof TRANSITIONS>(
  Object.entries(TRANSITIONS).map(([name, id]) => [id, name as keyof typeof TRANSITIONS]),
);
/** Results of a transition's callback, lifecycle_msgs/msg/Transition. */
const RESULT = { success: 97, failure: 98, error: 99 } as const;

/** Outcome of a transition that was asked for. */
export interface TransitionOutcome {
  readonly success: boolean;
  /** Why not; undefined for success. */
  readonly reason: string | undefined;
}

const ENDED: TransitionOutcome = { success: false, reason: 'the node is ending' };

/**
 * Gives a lifecycle node asynchronous transitions. rclnodejs' own run in one go, so that a node that takes
 * seconds to configure answers nobody meanwhile; and its answer to a request for a transition that the state
 * does not have is the end of the process. Here the node stays in its transition state (such as `configuring`)
 * while the hook works, and the requester is answered when it is done.
 */
export class ManagedNode {
  readonly #node: RosNode;
  readonly #native: RclNative;
  readonly #hooks: LifecycleHooks;
  #ended = false;

  constructor(node: RosNode, native: RclNative, hooks: LifecycleHooks) {
    this.#node = node;
    this.#native = native;
    this.#hooks = hooks;
    node._onChangeState = (request, response) => this.#answer(request, response);
  }

  /** Label of the current state: unconfigured, configuring, inactive, ... */
  get state(): string {
    return this.#node.currentState.label;
  }

  /** The node is about to be destroyed: a transition that is under way stays as it is. */
  end(): void {
    this.#ended = true;
  }

  /** Goes through a transition of the current state. */
  async change(name: keyof typeof TRANSITIONS): Promise<TransitionOutcome> {
    if (this.#ended) return ENDED;
    const machine = this.#node._stateMachineHandle;
    try {
      this.#native.triggerLifecycleTransitionById(machine, TRANSITIONS[name]);
    } catch {
      return { success: false, reason: `state ${this.state} has no transition ${name}` };
    }
    try {
      await this.#run(name);
    } catch (error) {
      if (this.#hasEnded) return ENDED;
      await this.#processError(error);
      return { success: false, reason: messageOf(error) };
    }
    if (this.#hasEnded) return ENDED;
    this.#finish(RESULT.success);
    return { success: true, reason: undefined };
  }

  /** Asked anew after every pause, in which it may have happened. */
  get #hasEnded(): boolean {
    return this.#ended;
  }

  async #run(name: keyof typeof TRANSITIONS): Promise<void> {
    if (name === 'configure') await this.#hooks.configure();
    else if (name === 'activate') this.#hooks.activate();
    else if (name === 'deactivate') this.#hooks.deactivate();
    else if (name === 'cleanup') await this.#hooks.cleanup();
    else await this.#hooks.shutdown();
  }

  async #processError(error: unknown): Promise<void> {
    this.#node.getLogger().error(messageOf(error));
    this.#finish(RESULT.error);
    try {
      await this.#hooks.error(error);
      this.#finish(RESULT.success);
    } catch (second) {
      this.#node.getLogger().error(`error processing failed: ${messageOf(second)}`);
      this.#finish(RESULT.failure);
    }
  }

  #finish(result: number): void {
    const label = this.#native.getLifecycleTransitionIdToLabel(result);
    this.#native.triggerLifecycleTransitionByLabel(this.#node._stateMachineHandle, label);
  }

  async #answer({ transition }: ChangeStateRequest, response: ServiceResponse): Promise<void> {
    // As in rclcpp a label goes before an id; both count only in the current state.
    const id =
      transition.label === ''
        ? transition.id
        : this.#native.getLifecycleTransitionByLabel(
            this.#node._stateMachineHandle,
            transition.label,
          ).id;
    const name = id === undefined ? undefined : BY_ID.get(id);
    const outcome = name
      ? await this.change(name)
      : { success: false, reason: `no transition ${transition.label || transition.id} is known` };
    if (this.#ended) return;
    if (!outcome.success) this.#node.getLogger().warn(`refused or failed: ${outcome.reason}`);
    response.send({ success: outcome.success });
  }
}
