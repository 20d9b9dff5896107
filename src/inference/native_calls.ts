/**
 * A thread that is terminated inside of a call into ONNX Runtime takes the whole process with it: the binding
 * throws where nothing can be thrown any more. So a thread counts its calls where its owner sees them, and
 * begins none once the owner wants to end it.
 */
const RUNNING = 0;
const ENDING = 1;
const POLL_MS = 2;

let calls: Int32Array | undefined;

/** To be shared by a thread and its owner. */
export function newCallCounter(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** In the thread: the counter of its owner. */
export function countCallsIn(counter: Int32Array): void {
  calls = counter;
}

/** In the thread: a call into the library, from its beginning until its promise is settled. */
export async function nativeCall<T>(call: () => Promise<T>): Promise<T> {
  if (!calls) return call();
  Atomics.add(calls, RUNNING, 1);
  if (Atomics.load(calls, ENDING) === 1) {
    Atomics.sub(calls, RUNNING, 1);
    // Until the thread is terminated.
    Atomics.wait(calls, ENDING, 1);
  }
  try {
    return await call();
  } finally {
    Atomics.sub(calls, RUNNING, 1);
  }
}

/** In the owner: waits until the thread is in no call, and will begin none. */
export async function endCalls(counter: Int32Array): Promise<void> {
  Atomics.store(counter, ENDING, 1);
  while (Atomics.load(counter, RUNNING) > 0) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
