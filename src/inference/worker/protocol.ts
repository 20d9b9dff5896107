import { CameraFrame, type CameraFrameTransfer } from '../../control/camera_frame.js';
import type { ObservationValue } from '../../control/observation_value.js';
import type { Stamped } from '../../control/observation_window.js';
import { BadInput, messageOf } from '../../errors.js';
import type { ChunkRequest } from '../policy_runner.js';
import type { LoadOptions } from './loaded_policy.js';

/** A sample as plain data; from then on the thread knows it by its id. */
export interface SentSample {
  readonly id: number;
  readonly stampNs: bigint;
  readonly value: Float64Array | { readonly frame: CameraFrameTransfer };
}

/** Samples that the thread does not have yet, and those it need not keep. */
export interface SampleUpdate {
  readonly samples: readonly SentSample[];
  readonly forget: readonly number[];
}

/** Ids of the samples of one observation, in the order of the sources. */
export interface SentObservation {
  readonly tickNs: bigint;
  readonly ids: readonly number[];
}

/** What the main thread asks for; all but `prefetch` are answered, in their order. */
export type WorkerRequest =
  | { readonly kind: 'load'; readonly options: LoadOptions }
  | ({ readonly kind: 'prefetch'; readonly source: number; readonly id: number } & SampleUpdate)
  | ({
      readonly kind: 'chunk';
      readonly window: readonly SentObservation[];
    } & SampleUpdate &
      ChunkRequest)
  | ({ readonly kind: 'denoise'; readonly condition: Float32Array } & ChunkRequest)
  | { readonly kind: 'unload' };

/** An answer; `ready` is said once, without being asked. */
export type WorkerResponse =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly error: SentError };

/** An error as plain data. */
export type SentError =
  | { readonly what: string; readonly where: string; readonly todo: string }
  | { readonly message: string; readonly stack: string | undefined };

export function sendSample(
  id: number,
  { stampNs, value }: Stamped<ObservationValue>,
): { sent: SentSample; transfer: ArrayBuffer[] } {
  if (value instanceof CameraFrame) {
    const frame = value.toTransfer();
    return {
      sent: { id, stampNs, value: { frame } },
      transfer: [frame.message.data.buffer as ArrayBuffer],
    };
  }
  // A clone of a view would take along all of its buffer.
  return { sent: { id, stampNs, value: Float64Array.from(value) }, transfer: [] };
}

export function receiveSample({ stampNs, value }: SentSample): Stamped<ObservationValue> {
  return {
    stampNs,
    value: value instanceof Float64Array ? value : CameraFrame.fromTransfer(value.frame),
  };
}

export function sendError(error: unknown): SentError {
  if (error instanceof BadInput) {
    const { what, where, todo } = error;
    return { what, where, todo };
  }
  return { message: messageOf(error), stack: error instanceof Error ? error.stack : undefined };
}

export function receiveError(sent: SentError): Error {
  if ('what' in sent) return new BadInput(sent.what, sent.where, sent.todo);
  const error = new Error(sent.message);
  if (sent.stack !== undefined) error.stack = sent.stack;
  return error;
}
