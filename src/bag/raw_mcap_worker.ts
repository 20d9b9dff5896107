import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../errors.js';
import type { RecordedInput } from './input_recorder.js';
import { writeMcap, type WrittenMcap } from './write_mcap.js';

/** What the thread is told when it starts. */
export interface RawMcapTask {
  readonly path: string;
  readonly types: ReadonlyMap<string, string>;
}

/** Messages to write next; none at the end. */
export type RawMcapBatch = readonly Pick<RecordedInput, 'topic' | 'cdr' | 'receivedNs'>[];

/** What the thread says: that it wants the next batch, or how it ended. */
export type RawMcapReply =
  | { readonly kind: 'next' }
  | { readonly kind: 'written'; readonly mcap: WrittenMcap }
  | { readonly kind: 'failed'; readonly why: string; readonly bySystem: boolean };

const port = parentPort!;

async function nextBatch(): Promise<RawMcapBatch> {
  const batch = new Promise<RawMcapBatch>((resolve) => port.once('message', resolve));
  reply({ kind: 'next' });
  return batch;
}

function reply(message: RawMcapReply): void {
  port.postMessage(message);
}

const { path, types } = workerData as RawMcapTask;
try {
  const mcap = await writeMcap(path, async (bag) => {
    for (const [topic, type] of types) await bag.addTopic(topic, type);
    for (let batch = await nextBatch(); batch.length > 0; batch = await nextBatch()) {
      for (const { topic, cdr, receivedNs } of batch) await bag.writeRaw(topic, cdr, receivedNs);
    }
  });
  reply({ kind: 'written', mcap });
} catch (error) {
  const bySystem = error instanceof Error && 'syscall' in error;
  reply({ kind: 'failed', why: messageOf(error), bySystem });
}
