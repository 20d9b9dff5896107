import type { ChunkRequest } from '../inference/policy_runner.js';
import type { ChunkMaker } from '../control/loop_interfaces.js';
import { driftedName } from '../control/condition_names.js';
import { DriftFallback, type FallbackState } from '../control/drift_fallback.js';
import { DriftMonitor, type DriftReport } from '../control/drift_monitor.js';
import { messageOf } from '../errors.js';
import { DenseCheck, type DenseCheckReport } from '../inference/worker/dense_check.js';
import type { LoadedPolicy, LoadOptions } from '../inference/worker/loaded_policy.js';
import type { PolicyHost } from '../inference/worker/policy_host.js';
import type { WorkerChunk } from '../inference/worker/worker_chunk.js';
import type { NodeParameters } from '../parameters/node_parameters.js';
import { rateOf } from './loop_settings.js';
import { type PlanChoice, planChoice } from './plan_choice.js';

/** What diagnostics say of drift. */
export interface DiagnosedDrift {
  readonly monitor: (DriftReport & { readonly outOfRangeName: string | undefined }) | undefined;
  readonly fallback: {
    readonly state: FallbackState;
    /** The parameter. */
    readonly to: string;
    readonly falls: number;
    readonly returns: number;
    /** Why the last one could not be done; undefined when it could. */
    readonly problem: string | undefined;
  };
  readonly check: DenseCheckReport | undefined;
  /** Of the plan that makes the chunks. */
  readonly certifiedError: number | undefined;
}

/** What the guard needs of the node. */
export interface DriftGuardHooks {
  /** Makes the chunks. */
  readonly maker: Pick<PolicyHost, 'prefetch' | 'chunk'>;
  /** Whether another plan may be loaded now. */
  canSwap(): boolean;
  /** Has another plan make the chunks; `undefined`: the one that parameters name. @throws Error when it cannot */
  swap(choice: PlanChoice | undefined): Promise<LoadedPolicy>;
  readonly logger: { info(message: string): void; warn(message: string): void };
}

/**
 * Stands between the loop and what makes its chunks and looks at each of them: whether its observation is like
 * those of calibration, and now and then what the dense policy would have made of it. At drift it has a safer
 * plan take over, if it was given one. The chunks themselves it never touches.
 */
export class DriftGuard implements ChunkMaker {
  readonly #hooks: DriftGuardHooks;
  readonly #fallback = new DriftFallback();
  #parameters: NodeParameters | undefined;
  /** The policy that was asked for, and the one that makes the chunks. */
  #wanted: LoadedPolicy | undefined;
  #active: LoadedPolicy | undefined;
  #monitor: DriftMonitor | undefined;
  #check: DenseCheck | undefined;
  /** Of what was asked for: what belongs to an earlier one does not count any more. */
  #epoch = 0;
  #falls = 0;
  #returns = 0;
  #problem: string | undefined;

  constructor(hooks: DriftGuardHooks) {
    this.#hooks = hooks;
  }

  /** A policy or plan that was asked for makes the chunks from now on. @param options it was loaded with */
  use(loaded: LoadedPolicy, options: LoadOptions, parameters: NodeParameters): void {
    const isOther = loaded.policySha256 !== this.#wanted?.policySha256;
    this.#epoch++;
    this.#fallback.reset();
    this.#problem = undefined;
    this.#wanted = this.#active = loaded;
    this.#parameters = parameters;
    this.#monitor = monitorFor(loaded, parameters);
    if (isOther || !this.#check) this.#startCheck(options, parameters.drift.checkEvery);
  }

  /** Takes over what of the parameters may change while a policy acts. */
  useParameters(parameters: NodeParameters): void {
    const before = this.#parameters?.drift.monitor;
    this.#parameters = parameters;
    if (!this.#wanted || before === parameters.drift.monitor) return;
    this.#monitor = monitorFor(this.#wanted, parameters);
  }

  /** No policy makes chunks any more. */
  stop(): void {
    this.#epoch++;
    this.#fallback.reset();
    void this.#check?.close();
    this.#check = this.#monitor = this.#wanted = this.#active = undefined;
  }

  prefetch(...given: Parameters<PolicyHost['prefetch']>): void {
    this.#hooks.maker.prefetch(...given);
  }

  async chunk(...[window, request]: Parameters<PolicyHost['chunk']>): Promise<WorkerChunk> {
    const chunk = await this.#hooks.maker.chunk(window, request);
    this.#look(chunk, request);
    return chunk;
  }

  /** Undefined while there is nothing to be told. */
  report(): DiagnosedDrift | undefined {
    const fallback = this.#parameters?.drift.fallback ?? '';
    if (!this.#wanted || !(this.#monitor || this.#check || this.#fallback.state !== 'off')) {
      return undefined;
    }
    const report = this.#monitor?.report();
    return {
      monitor: report && {
        ...report,
        outOfRangeName: driftedName(this.#wanted.manifest, report.outOfRange),
      },
      fallback: {
        state: this.#fallback.state,
        to: fallback,
        falls: this.#falls,
        returns: this.#returns,
        problem: this.#problem,
      },
      check: this.#check?.report(),
      certifiedError: this.#active?.certifiedError,
    };
  }

  #look(chunk: WorkerChunk, request: ChunkRequest): void {
    if (!this.#parameters || !this.#active) return;
    const { drift, actionHorizon } = this.#parameters;
    const before = this.#monitor?.level;
    const level = this.#monitor?.observe(chunk.condition, chunk.thumbnails) ?? 'ok';
    if (level !== before && before !== undefined) this.#tell(level);
    const { manifest, planSha256, certifiedError } = this.#active;
    if (planSha256 !== undefined) {
      const actions = actionHorizon || manifest.architecture.n_action_steps;
      const chunkMs = (actions * 1000) / rateOf(this.#parameters, manifest);
      const leftMs = chunkMs - chunk.latencyMs - chunk.observationMs;
      void this.#check?.consider(chunk, request, leftMs, certifiedError);
    }
    if (drift.fallback === '' || !this.#hooks.canSwap()) return;
    const now = performance.now();
    const todo = this.#fallback.decide(level, drift.calmS * 1000, now);
    if (todo === 'fall back') void this.#swap(planChoice(drift.fallback));
    if (todo === 'return') void this.#swap(undefined);
  }

  #tell(level: string): void {
    const { logger } = this.#hooks;
    if (level === 'ok') logger.info('observations are like those of calibration again');
    else logger.warn(`observations drift from those of calibration (${level})`);
  }

  /** @param choice undefined: back to the plan that was asked for */
  async #swap(choice: PlanChoice | undefined): Promise<void> {
    const epoch = this.#epoch;
    const { logger } = this.#hooks;
    const [what, why] =
      choice === undefined ? ['return to', 'no drift any more'] : ['fall back to', 'drift'];
    try {
      const loaded = await this.#hooks.swap(choice);
      if (epoch !== this.#epoch) return;
      this.#active = loaded;
      this.#problem = undefined;
      this.#fallback.done();
      if (choice === undefined) this.#returns++;
      else this.#falls++;
      logger.warn(`${what} ${loaded.planName}: ${why}`);
    } catch (error) {
      if (epoch !== this.#epoch) return;
      this.#problem = `cannot ${what} ${choice ? this.#parameters!.drift.fallback : 'the plan'}: ${messageOf(error)}`;
      this.#fallback.failed(performance.now());
      logger.warn(this.#problem);
    }
  }

  #startCheck(options: LoadOptions, every: number): void {
    void this.#check?.close();
    this.#check = every > 0 ? new DenseCheck(every) : undefined;
    void this.#check?.load(options);
  }
}

function monitorFor({ drift }: LoadedPolicy, parameters: NodeParameters): DriftMonitor | undefined {
  return drift && parameters.drift.monitor ? new DriftMonitor(drift) : undefined;
}
