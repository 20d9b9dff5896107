import { setFlagsFromString } from 'node:v8';

/**
 * Has the garbage of short-lived objects collected by the thread that made it alone. By default V8 lets other threads
 * help and waits for them; where inference keeps all cores busy these get their turn late, and the control loop stands
 * still for several milliseconds over a heap that takes less than one. A V8 without the flag says so and goes on.
 */
export function shortenCollections(): void {
  setFlagsFromString('--no-parallel-scavenge');
}
