import { randomInt } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { BadInput, messageOf } from '../errors.js';
import { PolicyHost } from '../inference/worker/policy_host.js';
import type { LoadedPolicy, LoadOptions } from '../inference/worker/loaded_policy.js';
import { rosTime } from '../control/ros_messages.js';
import { declaredParameters } from '../parameters/declared_parameters.js';
import type { GivenValue } from '../parameters/accept_value.js';
import type { NodeParameters } from '../parameters/node_parameters.js';
import { objectionToParameters } from '../parameters/objection_to_parameters.js';
import { ROS_PARAMETER_TYPE } from '../parameters/ros_parameter_type.js';
import { ConfiguredPolicy } from './configured_policy.js';
import { diagnosticArray } from './diagnostics.js';
import { DriftGuard } from './drift_guard.js';
import { guardExecutor, guarded } from './guarded.js';
import type { Surroundings } from './loop_settings.js';
import { ManagedNode } from './managed_node.js';
import { parameterOverrides } from './parameter_overrides.js';
import { ParameterServer } from './parameter_server.js';
import { type PlanChoice, planChoice } from './plan_choice.js';
import { factsOf, refuseMisfit, refuseOtherJoints } from './policy_fit.js';
import { offerServices, type LoadPolicyRequest } from './policy_services.js';
import { Publications } from './publications.js';
import { RobotDescription } from './robot_description.js';
import { repairClock, repairParameters, repairParameterServices } from './repair_rclnodejs.js';
import type { Rclnodejs, RclNative, RosNode } from './rclnodejs_api.js';

const NAME = 'policy';
const DIAGNOSTICS_PERIOD_MS = 1000;
/** The executor looks this often for entities that were added, ms. */
const SPIN_MS = 10;
/** Time for the last trajectory to leave the process, ms. */
const FAREWELL_MS = 50;
/** Time for the robot to come to rest before the process ends, where positions are streamed to it, ms. */
const MAX_BRAKING_MS = 2000;
const RECOVERY_PAUSE_MS = 500;
const MAX_SEED = 2 ** 31;

/**
 * The ROS 2 node: a managed node that drives a robot by a policy. This class only connects: parameters, the
 * lifecycle and services with a {@link ConfiguredPolicy}, which does the work while there is one.
 */
export class PolicyNode {
  readonly #rcl: Rclnodejs;
  readonly #node: RosNode;
  readonly #host: PolicyHost;
  readonly #guard: DriftGuard;
  readonly #publications: Publications;
  readonly #description: RobotDescription;
  readonly #parameters: ParameterServer;
  readonly #lifecycle: ManagedNode;
  readonly #diagnostics: NodeJS.Timeout;
  #policy: ConfiguredPolicy | undefined;
  #problem: string | undefined;
  /** The node's clock at the last diagnostics, ns. */
  #diagnosedNs: bigint | undefined;
  #seed = 0;
  /** Policies and plans that are being loaded. */
  #loading = 0;
  #closing = false;

  private constructor(rcl: Rclnodejs, native: RclNative, node: RosNode) {
    this.#rcl = rcl;
    this.#node = node;
    this.#host = new PolicyHost({ onCrash: (error) => void this.#recover(error) });
    this.#guard = new DriftGuard({
      maker: this.#host,
      canSwap: () => this.#loading === 0 && this.#lifecycle.state === 'active',
      swap: async (choice) => this.#swapPlan(choice),
      logger: node.getLogger(),
    });
    guardExecutor(node);
    repairParameterServices(node);
    repairClock(rcl, node);
    const overrides = parameterOverrides(node, native, rcl.Context.defaultContext().handle);
    useSimTime(rcl, node, overrides);
    this.#parameters = new ParameterServer(rcl, node, declaredParameters(), overrides, {
      configured: () => this.#lifecycle.state !== 'unconfigured',
      objection: (next) =>
        objectionToParameters(next, this.#policy && factsOf(this.#policy.loaded)),
      changed: () => {
        this.#policy?.useParameters(this.#parameters.values, this.#surroundings());
        this.#guard.useParameters(this.#parameters.values);
      },
    });
    this.#publications = new Publications(rcl, node);
    this.#description = new RobotDescription(rcl, node, () =>
      this.#policy?.useParameters(this.#parameters.values, this.#surroundings()),
    );
    this.#lifecycle = new ManagedNode(node, native, {
      configure: () => this.#configure(),
      activate: () => this.#activate(),
      deactivate: () => this.#policy?.stop(),
      cleanup: () => {
        this.#problem = undefined;
        return this.#free();
      },
      shutdown: () => this.#free(),
      error: (error) => {
        this.#problem = messageOf(error);
        return this.#free();
      },
    });
    offerServices(node, {
      load: (request) => this.#load(request),
      resetHistory: () => {
        this.#configured().interrupt('the history was reset');
        return 'the history begins anew with the next observation';
      },
      recover: () =>
        this.#configured().recover()
          ? 'the robot may go on'
          : 'no fault waits for a recovery: nothing was done',
      saveInputs: (path, seconds) => this.#configured().saveInputs(path, seconds),
    });
    this.#diagnostics = setInterval(
      guarded(node.getLogger(), 'diagnostics', () => this.#diagnose()),
      DIAGNOSTICS_PERIOD_MS,
    );
  }

  /**
   * Makes the node and, where it is told to, configures and activates it.
   * @throws BadInput when a given parameter is not allowed
   */
  static start(rcl: Rclnodejs, native: RclNative): PolicyNode {
    repairParameters(rcl);
    const { LifecycleNode } = rcl.lifecycle;
    const { defaultOptions } = rcl.NodeOptions;
    const node = new LifecycleNode(NAME, '', rcl.Context.defaultContext(), defaultOptions, true);
    const policyNode = new PolicyNode(rcl, native, node);
    node.spin(SPIN_MS);
    if (policyNode.#parameters.values.autostart) void policyNode.#autostart();
    return policyNode;
  }

  /** Brings the robot to rest and frees everything. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#diagnostics);
    const wasActive = this.#lifecycle.state === 'active';
    this.#lifecycle.end();
    this.#policy?.stop();
    const braking = this.#parameters.values.positionRateHz > 0 ? (this.#policy?.restMs ?? 0) : 0;
    if (wasActive) await setTimeout(FAREWELL_MS + Math.min(braking, MAX_BRAKING_MS));
    this.#policy?.close();
    this.#policy = undefined;
    await this.#host.close();
    this.#node.destroy();
    this.#rcl.shutdown();
  }

  async #autostart(): Promise<void> {
    const configured = await this.#lifecycle.change('configure');
    if (configured.success) await this.#lifecycle.change('activate');
  }

  async #configure(): Promise<void> {
    this.#problem = undefined;
    const loaded = await this.#prepare(this.#parameters.values);
    this.#host.activate();
    this.#take(loaded);
    this.#guardOver(loaded);
    const { planName, provider, loadMs, warmUp } = loaded;
    const took = `${(loadMs / 1000).toFixed(1)} s, ${warmUp.medianMs.toFixed(1)} ms a chunk`;
    const logger = this.#node.getLogger();
    logger.info(`${planName} on ${provider}, ready in ${took}`);
    // A limit that is misspelt is no limit.
    for (const name of this.#parameters.unknown) {
      logger.warn(`${name} was given, but is no parameter of this node: it has no effect`);
    }
  }

  /** Loads a policy beside the one that runs. */
  async #prepare(values: NodeParameters): Promise<LoadedPolicy> {
    if (values.policy === '') {
      throw new BadInput(
        'is not set',
        'parameter policy',
        'give the directory of a policy package',
      );
    }
    this.#loading++;
    const loaded = await this.#host
      .prepare(loadOptions(values))
      .finally(() => void this.#loading--);
    if (this.#closing) throw new Error('the node is ending');
    const logger = this.#node.getLogger();
    const { providerNote, budgetNote } = loaded;
    if (providerNote !== undefined) {
      if (values.executionProvider === 'auto') logger.info(providerNote);
      else logger.warn(providerNote);
    }
    if (budgetNote !== undefined) logger.warn(budgetNote);
    return loaded;
  }

  /** Makes a loaded policy the one that is configured. @throws BadInput when parameters do not fit it */
  #take(loaded: LoadedPolicy): void {
    const { policy: where } = this.#parameters.values;
    this.#policy?.close();
    this.#policy = undefined;
    const names = (loaded.manifest.observation_sources ?? []).map(({ name }) => name);
    this.#parameters.declareSources(names);
    const values = this.#parameters.values;
    refuseMisfit(loaded, values);
    this.#policy = new ConfiguredPolicy(
      this.#rcl,
      this.#node,
      loaded,
      where,
      values,
      this.#surroundings(),
      {
        maker: this.#guard,
        publications: this.#publications,
      },
    );
    this.#publications.announce(loaded);
  }

  #activate(): void {
    const policy = this.#configured();
    this.#seed = randomInt(MAX_SEED);
    policy.useParameters(this.#parameters.values, this.#surroundings());
    policy.start();
  }

  async #free(): Promise<void> {
    this.#policy?.close();
    this.#policy = undefined;
    this.#guard.stop();
    this.#publications.withdraw();
    await this.#host.unload();
  }

  async #load({ policy, plan, preset }: LoadPolicyRequest): Promise<{
    message: string;
    policy_sha256: string;
    plan_sha256: string;
    latency_ms: number;
  }> {
    const before = this.#configured();
    const now = this.#parameters.values;
    // A plan belongs to one policy; another policy comes with its own preset.
    const keepsPlan = policy === '' && preset === '';
    const wanted = {
      policy: policy || now.policy,
      plan: plan || (keepsPlan ? now.plan : ''),
      preset: preset || now.preset,
    };
    for (const name of ['policy', 'plan', 'preset'] as const) {
      const objection = this.#parameters.objection(name, wanted[name]);
      if (objection !== undefined) throw new BadInput(objection, '~/load_policy', 'correct it');
    }
    const loaded = await this.#prepare({ ...now, ...wanted }).catch((error: unknown) => {
      // Asking for another policy gave up the recovery of the one before.
      if (this.#host.hasFailed) void this.#recover(new Error('the policy before is loaded again'));
      throw error;
    });
    if (this.#policy !== before) {
      throw new Error('the node was configured anew meanwhile; the old request does not count');
    }
    try {
      const values = { ...this.#parameters.values, ...wanted };
      refuseOtherJoints(before.loaded, loaded, values);
      refuseMisfit(loaded, values);
    } catch (error) {
      await this.#host.discard();
      throw error;
    }
    this.#host.activate();
    for (const name of ['policy', 'plan', 'preset'] as const) {
      this.#parameters.setByNode(name, wanted[name]);
    }
    await this.#goOnWith(before, loaded);
    this.#guardOver(loaded);
    const notes = [loaded.providerNote, loaded.budgetNote].filter((note) => note !== undefined);
    return {
      message: [`${loaded.planName} on ${loaded.provider}`, ...notes].join('; '),
      policy_sha256: loaded.policySha256,
      plan_sha256: loaded.planSha256 ?? '',
      latency_ms: loaded.warmUp.medianMs,
    };
  }

  /** Has another plan make the chunks for a while; the parameters stay. @throws Error when it cannot */
  async #swapPlan(choice: PlanChoice | undefined): Promise<LoadedPolicy> {
    const before = this.#configured();
    const values = { ...this.#parameters.values, ...choice };
    const loaded = await this.#prepare(values);
    if (this.#policy !== before) throw new Error('the node was configured anew meanwhile');
    const chunkMs = before.chunkMs;
    if (choice && loaded.warmUp.medianMs > chunkMs) {
      await this.#host.discard();
      const took = `${loaded.planName} takes ${loaded.warmUp.medianMs.toFixed(0)} ms a chunk`;
      throw new Error(`${took}, whose actions last ${chunkMs.toFixed(0)} ms`);
    }
    this.#host.activate();
    await this.#goOnWith(before, loaded);
    return loaded;
  }

  #guardOver(loaded: LoadedPolicy): void {
    const { values } = this.#parameters;
    this.#guard.use(loaded, loadOptions(values), values);
  }

  /** The inference thread is gone: the robot is held until another one has loaded the policy. */
  async #recover(error: Error): Promise<void> {
    const logger = this.#node.getLogger();
    logger.error(messageOf(error));
    const policy = this.#policy;
    if (!policy || this.#closing) return;
    policy.interrupt('the inference thread ended; it is started anew', 'worker_lost');
    // One that fails again and again must not take the whole machine.
    await setTimeout(RECOVERY_PAUSE_MS);
    if (this.#policy !== policy || this.#closing || !this.#host.hasFailed) return;
    try {
      const values = this.#parameters.values;
      const loaded = await this.#prepare(values);
      if (this.#policy !== policy) return;
      // Files may have changed meanwhile, and the latency budget may lead to another preset.
      refuseMisfit(loaded, values);
      this.#host.activate();
      await this.#goOnWith(policy, loaded);
      this.#guardOver(loaded);
    } catch (failure) {
      if (this.#policy !== policy) return;
      this.#problem = `the policy cannot be loaded again: ${messageOf(failure)}`;
      logger.error(this.#problem);
    }
  }

  /** Has the rest of the node follow the policy that makes the chunks now. @throws BadInput when none runs any more */
  async #goOnWith(before: ConfiguredPolicy, loaded: LoadedPolicy): Promise<void> {
    this.#problem = undefined;
    if (before.accepts(loaded)) {
      before.swap(loaded, this.#parameters.values.policy);
      this.#publications.announce(loaded);
      return;
    }
    const active = this.#lifecycle.state === 'active';
    try {
      this.#take(loaded);
      if (active) this.#activate();
    } catch (error) {
      this.#problem = messageOf(error);
      await this.#free();
      throw error;
    }
  }

  #configured(): ConfiguredPolicy {
    if (this.#policy) return this.#policy;
    throw new BadInput(`is ${this.#lifecycle.state}`, 'the node', 'configure it first');
  }

  #surroundings(): Surroundings {
    const simTime = this.#node.getParameter('use_sim_time').value === true;
    return { seed: this.#seed, simTime, described: this.#description.joints };
  }

  #diagnose(): void {
    const nowNs = this.#node.now().nanoseconds;
    const clockStands = nowNs === this.#diagnosedNs;
    this.#diagnosedNs = nowNs;
    const message = diagnosticArray(
      {
        name: this.#node.getFullyQualifiedName(),
        lifecycle: this.#lifecycle.state,
        problem: this.#problem,
        clockStands,
        policy: this.#policy?.diagnosed(),
        drift: this.#guard.report(),
      },
      rosTime(nowNs),
    );
    this.#publications.diagnostics(message);
  }
}

/** rclnodejs looks at fewer keys of parameter files than ROS 2 has. @throws BadInput when it is no bool */
function useSimTime(
  { Parameter }: Rclnodejs,
  node: RosNode,
  overrides: ReadonlyMap<string, GivenValue>,
): void {
  const given = overrides.get('use_sim_time');
  if (given === undefined) return;
  if (given.type !== ROS_PARAMETER_TYPE.bool) {
    throw new BadInput('must be a bool', 'parameter use_sim_time', 'give true or false');
  }
  node.setParameters([new Parameter('use_sim_time', given.type, given.value)]);
}

function loadOptions(values: NodeParameters): LoadOptions {
  const { plan: fallbackPlan } = planChoice(values.drift.fallback);
  return {
    policy: values.policy,
    ...(values.plan !== '' && { plan: values.plan }),
    ...(fallbackPlan !== '' && { fallbackPlan }),
    preset: values.preset,
    latencyBudgetMs: values.latencyBudgetMs,
    provider: values.executionProvider,
    providerFallback: values.providerFallback,
    threads: values.threads,
    // It costs 1 to 2 % of a chunk's time, and `join` can be changed at any time.
    inpainting: true,
  };
}
