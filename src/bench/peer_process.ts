import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const greetingSchema = z.object({ torch: z.string(), engines: z.array(z.string()) });
const answerSchema = z.union([
  z.object({ ms: z.number(), sample: z.array(z.number()) }),
  z.object({ ready: z.literal(true) }),
  z.object({ skipped: z.string() }),
  z.object({ error: z.string() }),
]);

/** What a peer answers to one command, see peers/bench_peers.py. */
export type PeerAnswer = z.infer<typeof answerSchema>;

/** Kept of what the peer says on standard error, for the message when it fails. */
const KEPT_ERROR_LINES = 3;

/** The Python program that runs the peers, spoken to line by line. */
export class PeerProcess {
  readonly torchVersion: string;
  readonly engines: readonly string[];
  /** Ends the program. */
  readonly close: () => void;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: readonly string[];

  private constructor(
    greeting: z.infer<typeof greetingSchema>,
    process: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
    errors: readonly string[],
    end: () => void,
  ) {
    this.torchVersion = greeting.torch;
    this.engines = greeting.engines;
    this.#process = process;
    this.#lines = lines;
    this.#errors = errors;
    this.close = end;
  }

  /**
   * Starts the peers. @param python an interpreter that has torch
   * @throws Error saying why there are none, usually that torch is missing
   */
  static async start(python: string, args: readonly string[]): Promise<PeerProcess> {
    const child = spawn(python, args, { stdio: 'pipe' });
    const errors: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      errors.push(line);
      if (errors.length > KEPT_ERROR_LINES) errors.shift();
    });
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (error) => reject(new Error(`cannot start ${python}: ${error.message}`)));
    });
    failed.catch(() => undefined);
    // A peer that ended early is noticed when its answer is missing.
    child.stdin.on('error', () => undefined);
    const end = (): void => {
      child.kill();
      // Programs that it started in turn may hold the pipes open, and us with them.
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
    };
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    try {
      const first = await Promise.race([lines.next(), failed]);
      if (first.done) {
        child.kill();
        // What it had to say on standard error may still be on its way.
        await Promise.race([once(child, 'close'), failed]);
        throw new Error(`${python}: ${errors.at(-1) ?? 'ended without a word'}`);
      }
      const greeting = parseLine(greetingSchema, first.value, python);
      return new PeerProcess(greeting, child, lines, errors, end);
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Sends one command and waits for its answer. */
  async ask(command: string): Promise<PeerAnswer> {
    this.#process.stdin.write(`${command}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`the peers ended: ${this.#errors.at(-1) ?? 'without a word'}`);
    return parseLine(answerSchema, line.value, 'the peers');
  }
}

/** One line of JSON from the other side. @throws Error naming who said something else */
function parseLine<S extends z.ZodType>(schema: S, line: string, who: string): z.infer<S> {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    throw new Error(`${who}: answered '${line.slice(0, 200)}', which is not the peers' protocol`);
  }
}
