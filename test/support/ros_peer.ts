import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../ros/ros_environment.js';
import { RosProcess, rosVariables } from './ros_process.js';

/** A received message and when, ns of the steady clock. */
export interface Received<T> {
  readonly at: number;
  readonly message: T;
}

/** How a peer publishes again and again, see test/ros/peers/peer.py. */
export interface StreamOptions {
  readonly hz: number;
  readonly reliable?: boolean;
  /** Whether the header's stamp becomes the time of sending; default true. */
  readonly stamped?: boolean;
  /** Added to the stamps, one after the other; default 0. */
  readonly offsets_ms?: readonly number[];
  /** How often each stamp is used; default once. */
  readonly repeat?: number;
}

/** Messages of a topic: its name, type and CDR. */
export interface Encoded {
  readonly topic: string;
  readonly type: string;
  readonly cdr: readonly Uint8Array[];
}

const PEER = join(ROOT, 'test/ros/peers/peer.py');

/** A ROS 2 node in Python that does what a test tells it. */
export class RosPeer {
  readonly #process: RosProcess;
  readonly #waiting = new Map<number, (reply: { ok?: unknown; error?: string }) => void>();
  #requests = 0;

  constructor() {
    const paths = [join(ROOT, 'test/ros'), rosVariables()['PYTHONPATH']].filter(Boolean);
    const variables = {
      PYTHONPATH: paths.join(':'),
      PYTHONDONTWRITEBYTECODE: '1',
      ROS_PYTHON_CHECK_FIELDS: '1',
    };
    this.#process = new RosProcess(['python3', PEER], variables, 'pipe');
    this.#process.child.stdin!.on('error', () => undefined); // The end of the process is told below.
    createInterface(this.#process.child.stdout!).on('line', (line) => {
      const reply = JSON.parse(line) as { id: number; ok?: unknown; error?: string };
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
    void this.#process.ended.finally(() => {
      for (const answer of this.#waiting.values()) {
        answer({ error: `the peer is gone: ${this.#process.output}` });
      }
    });
  }

  /** Lets the peer do something. @throws Error with what went wrong there */
  async ask<T = unknown>(operation: string, rest: object = {}): Promise<T> {
    const id = this.#requests++;
    const caller = new Error();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ ok, error }) => {
        if (error === undefined) return resolve(ok as T);
        caller.message = error;
        reject(caller);
      });
      const request = JSON.stringify({ id, do: operation, ...rest }, namedNumbers);
      this.#process.child.stdin!.write(`${request}\n`);
    });
  }

  /** Publishes once, to whoever has subscribed. @returns ns of the steady clock */
  async publish(
    { topic, type, cdr }: Encoded,
    options: { stamped?: boolean; latched?: boolean } = {},
  ): Promise<number> {
    const { now } = await this.ask<{ now: number }>('publish', {
      ...{ topic, type, cdr: cdr.map(base64), ...options },
    });
    return now;
  }

  /** Publishes in turn from now on, in place of what is streamed to that topic. @returns as publish */
  async stream({ topic, type, cdr }: Encoded, options: StreamOptions): Promise<number> {
    const { now } = await this.ask<{ now: number }>('stream', {
      ...{ topic, type, cdr: cdr.map(base64), ...options },
    });
    return now;
  }

  /** Ends the streams of some topics, or all. @returns as publish, and how many were sent */
  async unstream(...topics: string[]): Promise<{ now: number; sent: Record<string, number> }> {
    return this.ask('unstream', topics.length > 0 ? { topics } : {});
  }

  /** The header stamps that a topic's stream has sent so far, ns. */
  async stamps(topic: string): Promise<bigint[]> {
    return (await this.ask<string[]>('stamps', { topic })).map(BigInt);
  }

  /** Keeps what comes on a topic; latched topics also what was said before. */
  async collect(topic: string, type: string, latched = false, wait = true): Promise<void> {
    await this.ask('collect', { topic, type, latched, wait });
  }

  /** What has come on a collected topic. @param start leaves out as many from the front */
  async take<T>(topic: string, start = 0): Promise<Received<T>[]> {
    return this.ask('take', { topic, start });
  }

  /** How many messages have come on a collected topic. */
  async count(topic: string): Promise<number> {
    return this.ask('count', { topic });
  }

  async call<T>(service: string, type: string, request: object = {}, timeoutS = 20): Promise<T> {
    return this.ask('call', { service, type, request, timeout: timeoutS });
  }

  /** Waits until something is found. @throws Error when it is not within so many ms */
  async until<T>(
    what: string,
    find: () => Promise<T | undefined | false>,
    withinMs = 20_000,
  ): Promise<T> {
    const end = performance.now() + withinMs;
    for (;;) {
      const found = await find();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
      await sleep(20);
    }
  }

  /** Waits for so many more messages on a collected topic. @returns them */
  async next<T>(topic: string, count = 1, withinMs = 20_000): Promise<Received<T>[]> {
    const start = await this.count(topic);
    const enough = async (): Promise<boolean> => (await this.count(topic)) >= start + count;
    await this.until(`${count} more on ${topic}`, enough, withinMs);
    return (await this.take<T>(topic, start)).slice(0, count);
  }

  async stop(): Promise<void> {
    this.#process.child.stdin!.end();
    await this.#process.stop('SIGKILL', 5000);
  }
}

/** Numbers that JSON lacks by their names. */
function namedNumbers(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
