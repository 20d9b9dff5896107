import { messageOf } from '../errors.js';
import type { Preset } from '../policy/presets.js';
import type { RosNode, ServiceResponse } from './rclnodejs_api.js';

/** Request of bac_policy/srv/LoadPolicy. */
export interface LoadPolicyRequest {
  readonly policy: string;
  readonly plan: string;
  readonly preset: Preset | '';
}

/** What the services do; all of them may throw, which their answers say. */
export interface PolicyServiceActions {
  load(request: LoadPolicyRequest): Promise<{
    message: string;
    policy_sha256: string;
    plan_sha256: string;
    latency_ms: number;
  }>;
  /** @returns what was done */
  resetHistory(): string;
  /** @returns what was done */
  recover(): string;
  /** @param seconds 0 = all that is kept */
  saveInputs(
    path: string,
    seconds: number,
  ): Promise<{ message: string; messages: bigint; seconds: number }>;
}

/** Offers the node's own services. Each is always answered. */
export function offerServices(node: RosNode, actions: PolicyServiceActions): void {
  const offer = <Q>(
    type: string,
    name: string,
    work: (request: Q) => Promise<object> | object,
  ): void => {
    const answer = async (request: Q, response: ServiceResponse): Promise<void> => {
      try {
        response.send({ ...response.template, success: true, ...(await work(request)) });
      } catch (error) {
        const message = messageOf(error);
        node.getLogger().warn(`${name}: ${message}`);
        response.send({ ...response.template, success: false, message });
      }
    };
    node.createService(type, name, {}, answer);
  };
  offer('bac_policy/srv/LoadPolicy', '~/load_policy', (request: LoadPolicyRequest) =>
    actions.load(request),
  );
  offer('std_srvs/srv/Trigger', '~/reset_history', () => ({ message: actions.resetHistory() }));
  offer('std_srvs/srv/Trigger', '~/recover', () => ({ message: actions.recover() }));
  offer(
    'bac_policy/srv/SaveInputs',
    '~/save_inputs',
    ({ path, seconds }: { path: string; seconds: number }) => actions.saveInputs(path, seconds),
  );
}
