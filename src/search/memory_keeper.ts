import { writeAtomically } from '../files.js';
import type { SearchMemory } from './search_memory.js';

/** Between two writes, ms. */
const INTERVAL = 5000;

/** Writes what a search knows into a file, so that a search which is ended however can be gone on with. */
export class MemoryKeeper {
  readonly #memory: SearchMemory;
  readonly #path: string;
  #keptMs = 0;
  /** The writes so far: one after another. */
  #writing: Promise<void> = Promise.resolve();

  constructor(memory: SearchMemory, path: string) {
    this.#memory = memory;
    this.#path = path;
  }

  /** Writes it now. */
  async keep(): Promise<void> {
    this.#keptMs = performance.now();
    this.#writing = this.#writing.then(() => writeAtomically(this.#path, `${this.#memory}`));
    await this.#writing;
  }

  /** Writes it unless that was done a moment ago; what goes wrong is told by the next {@link keep}. */
  keepNowAndThen(): void {
    if (performance.now() - this.#keptMs > INTERVAL) this.keep().catch(() => undefined);
  }
}
