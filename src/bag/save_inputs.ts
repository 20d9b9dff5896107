import { setImmediate } from 'node:timers/promises';
import { BadInput, messageOf } from '../errors.js';
import type { InputRecorder } from './input_recorder.js';
import { writeBag } from './write_bag.js';

/** What {@link saveInputs} wrote. */
export interface SavedInputs {
  readonly messages: number;
  /** From the first to the last message, s. */
  readonly seconds: number;
}

/** Time for which writing may keep everything else in this thread waiting, ms. */
const SLICE_MS = 1;

/**
 * Writes what a recorder holds at this moment as a bag, logged at the times of receipt, while the recorder goes
 * on recording. The work is done in short slices between which everything else in this thread has its turn.
 * @param path a rosbag2 directory, or an MCAP file where it ends in .mcap
 * @param seconds only the last of them; 0 for all that is held
 * @throws BadInput when nothing is held, something else exists at `path`, or it cannot be written
 */
export async function saveInputs(
  recorder: InputRecorder,
  path: string,
  seconds: number,
): Promise<SavedInputs> {
  const inputs = recorder.last(seconds);
  const [first, last] = [inputs[0], inputs.at(-1)];
  if (!first || !last) {
    throw new BadInput('no input was kept that could be written', path, 'wait for messages');
  }
  try {
    await writeBag(path, async (bag) => {
      const types = new Map(inputs.map(({ topic, type }) => [topic, type]));
      for (const [topic, type] of types) await bag.addTopic(topic, type);
      let started = performance.now();
      for (const { topic, cdr, receivedNs } of inputs) {
        await bag.writeRaw(topic, cdr, receivedNs);
        if (performance.now() - started < SLICE_MS) continue;
        await setImmediate();
        started = performance.now();
      }
    });
  } catch (error) {
    if (error instanceof BadInput || !isSystemError(error)) throw error;
    throw new BadInput(
      `cannot be written: ${messageOf(error)}`,
      path,
      'choose a path that this process may write, on a disk with room',
    );
  }
  return { messages: inputs.length, seconds: Number(last.receivedNs - first.receivedNs) / 1e9 };
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
