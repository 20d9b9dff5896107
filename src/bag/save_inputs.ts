import { Worker } from 'node:worker_threads';
import { BadInput, messageOf } from '../errors.js';
import type { InputRecorder, RecordedInput } from './input_recorder.js';
import type { RawMcapReply, RawMcapTask } from './raw_mcap_worker.js';
import { placeBag } from './write_bag.js';
import type { WrittenMcap } from './write_mcap.js';

/** What {@link saveInputs} wrote. */
export interface SavedInputs {
  readonly messages: number;
  /** From the first to the last message, s. */
  readonly seconds: number;
}

/** Bytes and messages that are copied for the writing thread at once: well below a millisecond's work. */
const BATCH_BYTES = 512 * 1024;
const BATCH_MESSAGES = 200;

/**
 * Writes what a recorder holds at this moment as a bag, logged at the times of receipt, while the recorder goes
 * on recording. Checksums and files are another thread's work: this one only hands it copies, a few at a time.
 * @param path a rosbag2 directory, or an MCAP file where it ends in .mcap
 * @param seconds only the last of them; 0 for all that is held
 * @throws BadInput when `seconds` is no length of time, nothing is held, something else exists at `path`, or it cannot be written
 */
export async function saveInputs(
  recorder: InputRecorder,
  path: string,
  seconds: number,
): Promise<SavedInputs> {
  if (!(seconds >= 0)) {
    throw new BadInput(`cannot hold the last ${seconds} s`, path, 'ask for 0 or more seconds');
  }
  const inputs = recorder.last(seconds);
  const [first, last] = [inputs[0], inputs.at(-1)];
  if (!first || !last) {
    throw new BadInput('no input was kept that could be written', path, 'wait for messages');
  }
  try {
    await placeBag(path, async (file) => writeInThread(file, inputs, path));
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw cannotWrite(path, messageOf(error));
    throw error;
  }
  return { messages: inputs.length, seconds: Number(last.receivedNs - first.receivedNs) / 1e9 };
}

async function writeInThread(
  file: string,
  inputs: readonly RecordedInput[],
  bag: string,
): Promise<WrittenMcap> {
  const types = new Map(inputs.map(({ topic, type }) => [topic, type]));
  const task: RawMcapTask = { path: file, types };
  const worker = new Worker(new URL('./raw_mcap_worker.js', import.meta.url), { workerData: task });
  let sent = 0;
  try {
    return await new Promise<WrittenMcap>((resolve, reject) => {
      worker.on('message', (reply: RawMcapReply) => {
        if (reply.kind === 'next') {
          sent += sendBatch(worker, inputs, sent);
        } else if (reply.kind === 'written') {
          resolve(reply.mcap);
        } else {
          reject(reply.bySystem ? cannotWrite(bag, reply.why) : new Error(reply.why));
        }
      });
      worker.on('error', reject);
      worker.on('exit', () => {
        reject(new Error('the thread that writes the bag ended'));
      });
    });
  } finally {
    await worker.terminate();
  }
}

/** Sends copies of the next messages, none when all were sent. @returns how many */
function sendBatch(worker: Worker, inputs: readonly RecordedInput[], from: number): number {
  const batch: Pick<RecordedInput, 'topic' | 'cdr' | 'receivedNs'>[] = [];
  const buffers: ArrayBuffer[] = [];
  let bytes = 0;
  for (let i = from; i < inputs.length; i++) {
    if (bytes >= BATCH_BYTES || batch.length >= BATCH_MESSAGES) break;
    const { topic, cdr, receivedNs } = inputs[i]!;
    // A copy: others hold the message, and its bytes may be part of a larger buffer.
    const copy = new Uint8Array(cdr);
    batch.push({ topic, cdr: copy, receivedNs });
    buffers.push(copy.buffer);
    bytes += copy.byteLength;
  }
  worker.postMessage(batch, buffers);
  return batch.length;
}

function cannotWrite(path: string, why: string): BadInput {
  return new BadInput(
    `cannot be written: ${why}`,
    path,
    'choose a path that this process may write, on a disk with room',
  );
}
