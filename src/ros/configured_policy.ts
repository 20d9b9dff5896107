import { isDeepStrictEqual } from 'node:util';
import { InputRecorder } from '../bag/input_recorder.js';
import { saveInputs } from '../bag/save_inputs.js';
import type { FaultStatus } from '../control/fault_status.js';
import { PolicyLoop } from '../control/policy_loop.js';
import type { ChunkMaker } from '../control/loop_interfaces.js';
import type { LoadedPolicy } from '../inference/worker/loaded_policy.js';
import type { NodeParameters } from '../parameters/node_parameters.js';
import type { DiagnosedPolicy } from './diagnostics.js';
import { guarded } from './guarded.js';
import { loopPolicy } from './loop_policy.js';
import { loopSettings, rateOf, type Surroundings } from './loop_settings.js';
import type { Publications } from './publications.js';
import { PositionStream } from './position_stream.js';
import type { Rclnodejs, RosNode } from './rclnodejs_api.js';
import { SourceSubscriptions } from './source_subscriptions.js';

/** A simulated clock may pass at any speed: it is looked at this often, ms. */
const SIM_POLL_MS = 4;

/** All there is while the node is configured: subscriptions, recorder, the loop, and the timer that drives it. */
export class ConfiguredPolicy {
  readonly #node: RosNode;
  readonly #loop: PolicyLoop;
  readonly #positions: PositionStream;
  readonly #recorder: InputRecorder;
  readonly #subscriptions: SourceSubscriptions;
  readonly #poll: () => void;
  #loaded: LoadedPolicy;
  #parameters: NodeParameters;
  #surroundings: Surroundings;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param where the policy package, for error messages */
  constructor(
    rcl: Rclnodejs,
    node: RosNode,
    loaded: LoadedPolicy,
    where: string,
    parameters: NodeParameters,
    surroundings: Surroundings,
    { maker, publications }: { readonly maker: ChunkMaker; readonly publications: Publications },
  ) {
    this.#node = node;
    this.#loaded = loaded;
    this.#parameters = parameters;
    this.#surroundings = surroundings;
    const policy = loopPolicy(loaded, where, parameters);
    const nowNs = (): bigint => node.now().nanoseconds;
    const logger = node.getLogger();
    this.#loop = new PolicyLoop(
      policy,
      loopSettings(parameters, loaded.manifest, surroundings),
      maker,
      {
        trajectory: (message) => publications.trajectory(message),
        chunk: (message) => publications.chunk(message),
        fault: (reason) => {
          if (reason === undefined) logger.info('acting');
          else logger.warn(`no action: ${reason}`);
        },
      },
      { nowNs, steadyMs: () => performance.now() },
      parameters.sync === 'approximate'
        ? { slopNs: BigInt(Math.round(parameters.syncSlopMs * 1e6)) }
        : undefined,
    );
    this.#positions = new PositionStream(this.#loop.motion, nowNs, (data) =>
      publications.positions(data),
    );
    this.#positions.setRate(parameters.positionRateHz);
    this.#recorder = new InputRecorder({
      seconds: parameters.recordSeconds,
      bytes: parameters.recordMaxMb * 1e6,
    });
    this.#poll = guarded(logger, 'the control loop', () => this.#pump());
    this.#subscriptions = new SourceSubscriptions(rcl, node, policy.layout.sources, parameters, {
      loop: this.#loop,
      recorder: this.#recorder,
      nowNs,
      arrived: this.#poll,
    });
  }

  /** What runs. */
  get loaded(): LoadedPolicy {
    return this.#loaded;
  }

  /** Time until the robot stands, ms. */
  get restMs(): number {
    const { endNs } = this.#loop.motion;
    return endNs === undefined
      ? 0
      : Math.max(0, Number(endNs - this.#node.now().nanoseconds) / 1e6);
  }

  /** How long the actions of a chunk last, ms. */
  get chunkMs(): number {
    const { manifest } = this.#loaded;
    const { actionSteps } = loopSettings(this.#parameters, manifest, this.#surroundings);
    return (1000 * actionSteps) / rateOf(this.#parameters, manifest);
  }

  /** Begins to act. */
  start(): void {
    this.#loop.start();
    this.#poll();
  }

  /** Stops to act; the robot is brought to rest. */
  stop(): void {
    this.#loop.stop();
  }

  /** Ends everything; to be called once. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#loop.stop();
    this.#positions.close();
    this.#subscriptions.close();
  }

  /** Takes over what of the parameters may change while it runs. */
  useParameters(parameters: NodeParameters, surroundings: Surroundings): void {
    this.#parameters = parameters;
    this.#surroundings = surroundings;
    this.#positions.setRate(parameters.positionRateHz);
    this.#loop.settings = loopSettings(parameters, this.#loaded.manifest, surroundings);
  }

  /** Whether a policy looks at the same observations, so that it can go on with their history. */
  accepts({ manifest }: LoadedPolicy): boolean {
    const { manifest: mine } = this.#loaded;
    const observed = ({
      observation_sources,
      inputs,
      architecture,
      action,
    }: typeof mine): unknown => [
      observation_sources,
      inputs.map(({ name, kind, size }) => [name, kind, size]),
      architecture.n_obs_steps,
      action.rate_hz,
    ];
    return isDeepStrictEqual(observed(mine), observed(manifest));
  }

  /** Goes on with another policy, whose chunks come from the next on. */
  swap(loaded: LoadedPolicy, where: string): void {
    this.#loop.usePolicy(loopPolicy(loaded, where, this.#parameters));
    this.#loaded = loaded;
    this.#loop.settings = loopSettings(this.#parameters, loaded.manifest, this.#surroundings);
  }

  /** Ends what is under way; the next observation begins a new history. */
  interrupt(reason: string, status?: FaultStatus): void {
    this.#loop.reset(reason, status);
  }

  /** The robot may go on after a fault. @returns whether one waited for that */
  recover(): boolean {
    return this.#loop.recover();
  }

  /** Writes the last inputs into a bag. @param seconds 0 = all that is kept */
  async saveInputs(
    path: string,
    seconds: number,
  ): Promise<{ message: string; messages: bigint; seconds: number }> {
    const saved = await saveInputs(this.#recorder, path, seconds);
    return {
      message: `written to ${path}`,
      messages: BigInt(saved.messages),
      seconds: saved.seconds,
    };
  }

  /** What diagnostics say. */
  diagnosed(): DiagnosedPolicy {
    const nowNs = this.#node.now().nanoseconds;
    const { maxAgesNs } = loopSettings(this.#parameters, this.#loaded.manifest, this.#surroundings);
    return {
      loaded: this.#loaded,
      state: this.#loop.state,
      reason: this.#loop.reason,
      status: this.#loop.status,
      needsRecovery: this.#loop.needsRecovery,
      shadow: this.#parameters.shadow,
      describedJoints: this.#describedJoints(),
      providerIsFree: this.#parameters.executionProvider === 'auto',
      report: this.#loop.statistics.report(performance.now()),
      sources: this.#parameters.sourceNames.map((name, i) => {
        const lastNs = this.#loop.lastStampsNs[i];
        return {
          name,
          ...this.#subscriptions.of(i),
          ageMs: lastNs === undefined ? undefined : Number(nowNs - lastNs) / 1e6,
          maxAgeMs: Number(maxAgesNs[i]) / 1e6,
          counts: this.#loop.sourceCounts[i]!,
        };
      }),
    };
  }

  /** How many of the policy's joints the robot description limits. */
  #describedJoints(): number {
    if (!this.#parameters.limits.robotDescription) return 0;
    const { described } = this.#surroundings;
    return this.#loaded.manifest.action.joint_names!.filter((name) => described.has(name)).length;
  }

  #pump(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const wakeNs = this.#loop.poll();
    if (this.#loop.state === 'stopped') return;
    const leftMs = Number(wakeNs - this.#node.now().nanoseconds) / 1e6;
    const delayMs = this.#surroundings.simTime ? Math.min(leftMs, SIM_POLL_MS) : leftMs;
    this.#timer = setTimeout(this.#poll, Math.max(0, delayMs));
  }
}
