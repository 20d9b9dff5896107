/**
 * The program of one process of a network pool: opens a policy's network and evaluates it, as it is asked. Started
 * by `openNetworkPool`, ends with the connection to it.
 */
import './no_telemetry.js';
import { messageOf } from '../errors.js';
import { readPolicyPackage } from '../policy/policy_package.js';
import { type BatchedNetwork, openBatchedNetwork } from './batched_network.js';

/** What a process of the pool is asked; answered in order. */
export type NetworkRequest =
  | { readonly kind: 'open'; readonly directory: string; readonly condition: Float32Array }
  | {
      readonly kind: 'evaluate';
      readonly samples: readonly number[];
      readonly timestep: number;
      readonly x: Float32Array;
    };

/** Its answers. */
export type NetworkAnswer =
  | { readonly kind: 'opened'; readonly batch: number }
  | { readonly kind: 'output'; readonly output: Float32Array }
  | { readonly kind: 'failed'; readonly message: string };

let network: BatchedNetwork | undefined;

async function answer(request: NetworkRequest): Promise<NetworkAnswer> {
  if (request.kind === 'open') {
    const policy = await readPolicyPackage(request.directory);
    network = await openBatchedNetwork(policy, request.condition, { threads: 1 });
    return { kind: 'opened', batch: network.batch };
  }
  if (!network) throw new Error('no network is open');
  const { samples, timestep, x } = request;
  return { kind: 'output', output: await network.evaluate(samples, timestep, x) };
}

/** Where nobody listens any more, this process ends anyway. */
function send(message: NetworkAnswer): void {
  process.send!(message, undefined, undefined, () => undefined);
}

let last = Promise.resolve();
process.on('message', (request: NetworkRequest) => {
  last = last.then(async () => {
    try {
      send(await answer(request));
    } catch (error) {
      send({ kind: 'failed', message: messageOf(error) });
    }
  });
});
// A terminal interrupts all its processes: the one that owns the pool decides what becomes of it.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
