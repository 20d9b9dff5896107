import { type ChildProcess, fork } from 'node:child_process';
import type { PolicyPackage } from '../policy/policy_package.js';
import { type BatchedNetwork, openBatchedNetwork } from './batched_network.js';
import type { NetworkAnswer, NetworkRequest } from './network_process.js';

const PROGRAM = new URL('./network_process.js', import.meta.url);

/**
 * The batched network in several processes, each with one thread, among which samples are divided: two of them are
 * twice as fast as one, where two threads inside one operator gain a quarter. ONNX Runtime's binding blocks the
 * thread that calls it, and a thread that is ended in a call takes its process along; so they are processes. They
 * end with this one. What they compute does not depend on how many they are.
 * @param condition (N, To, Dc)
 */
export async function openNetworkPool(
  policy: PolicyPackage,
  condition: Float32Array,
  { processes }: { readonly processes: number },
): Promise<BatchedNetwork> {
  if (processes === 1) return openBatchedNetwork(policy, condition, { threads: 1 });
  const members = Array.from({ length: processes }, () => new Member());
  const pool = new Pool(members);
  try {
    const open = { kind: 'open', directory: policy.directory, condition } as const;
    await Promise.all(members.map((member) => member.ask(open)));
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}

class Pool implements BatchedNetwork {
  readonly #members: readonly Member[];

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  get batch(): number {
    return this.#members.reduce((sum, { batch }) => sum + batch, 0);
  }

  async evaluate(
    samples: readonly number[],
    timestep: number,
    x: Float32Array,
  ): Promise<Float32Array> {
    const { batch } = this.#members[0]!;
    // Whole batches each: one that is not full takes as long as a full one.
    const share = Math.ceil(samples.length / batch / this.#members.length) * batch;
    const size = x.length / samples.length;
    const output = new Float32Array(x.length);
    const evaluatePart = async (member: Member, i: number): Promise<void> => {
      const part = samples.slice(i * share, (i + 1) * share);
      if (part.length === 0) return;
      const states = x.slice(i * share * size, (i * share + part.length) * size);
      const request = { kind: 'evaluate', samples: part, timestep, x: states } as const;
      output.set(await member.ask(request), i * share * size);
    };
    await Promise.all(this.#members.map(evaluatePart));
    return output;
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
  }
}

interface Pending {
  readonly resolve: (output: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

/** One of the processes; it answers in the order in which it is asked. */
class Member {
  readonly #process: ChildProcess;
  readonly #pending: Pending[] = [];
  readonly #exited: Promise<void>;
  /** Samples that go through the network together, once it is open. */
  batch = 0;

  constructor() {
    this.#process = fork(PROGRAM, { serialization: 'advanced' });
    this.#process.on('message', (answer: NetworkAnswer) => {
      const { resolve, reject } = this.#pending.shift()!;
      if (answer.kind === 'failed') return reject(new Error(answer.message));
      if (answer.kind === 'opened') this.batch = answer.batch;
      return resolve(answer.kind === 'output' ? answer.output : new Float32Array());
    });
    this.#exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        const error = new Error(`a process of the network ended: ${signal ?? `exit code ${code}`}`);
        for (const { reject } of this.#pending.splice(0)) reject(error);
        resolve();
      });
    });
  }

  async ask(request: NetworkRequest): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#process.send(request, (error) => {
        if (error) reject(error);
      });
    });
  }

  async close(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    await this.#exited;
  }
}
