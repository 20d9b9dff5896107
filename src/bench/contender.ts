/** One engine with one plan that is to be timed. */
export interface Contender {
  /** `dense`, or the plan's file name, or a solver such as `ddim-10`. */
  readonly name: string;
  /** What runs it: `compiled`, `compiled-cuda`, or a peer such as `eager`. */
  readonly engine: string;
  /** Multiply-adds of a chunk relative to the dense compiled engine. */
  readonly cost: number;
  /** Time to load and warm up, ms; absent for peers, which are separate programs. */
  readonly loadMs?: number;
  /**
   * Denoises workload sample i.
   * @returns time in ms, of this process's processors where it works in them, and executed actions (Ta, A), physical
   */
  run(i: number): Promise<{ ms: number; cpuMs?: number; action: Float32Array }>;
  close(): Promise<void>;
}

/** A contender that could not take part. */
export interface Absence {
  readonly name: string;
  readonly engine: string;
  readonly skipped: string;
}
