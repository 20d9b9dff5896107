import type { MotionExecutor } from '../control/motion/motion_executor.js';

/** A robot that stands is told where for so much longer, as a message may be lost, ns. */
const REST_NS = 200_000_000n;

/** Tells position controllers again and again where the joints shall be. */
export class PositionStream {
  readonly #motion: Pick<MotionExecutor, 'positionsAt' | 'endNs'>;
  readonly #nowNs: () => bigint;
  readonly #publish: (positions: readonly number[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #rateHz = 0;
  #closing = false;

  constructor(
    motion: Pick<MotionExecutor, 'positionsAt' | 'endNs'>,
    nowNs: () => bigint,
    publish: (positions: readonly number[]) => void,
  ) {
    this.#motion = motion;
    this.#nowNs = nowNs;
    this.#publish = publish;
  }

  /** @param rateHz messages a second; 0 = none */
  setRate(rateHz: number): void {
    if (rateHz === this.#rateHz) return;
    clearInterval(this.#timer);
    this.#rateHz = rateHz;
    this.#timer = rateHz > 0 ? setInterval(() => this.#tell(), 1000 / rateHz) : undefined;
  }

  /** Ends once the robot stands: controllers of positions do not brake by themselves. */
  close(): void {
    this.#closing = true;
    this.#tell();
  }

  #tell(): void {
    const { endNs } = this.#motion;
    const nowNs = this.#nowNs();
    const isMoving = endNs !== undefined && nowNs <= endNs + REST_NS;
    const positions = isMoving ? this.#motion.positionsAt(nowNs) : undefined;
    if (positions) this.#publish(positions);
    else if (this.#closing) clearInterval(this.#timer);
  }
}
