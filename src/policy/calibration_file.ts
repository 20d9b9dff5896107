import { decodeCalibration, encodeCalibration, type Calibration } from '../caching/calibration.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

/** Calibrations above this size are refused; 8 layers and 100 steps have 4 MB. */
const MAX_CALIBRATION_BYTES = 2 * 1024 ** 3;

/** Reads and checks a calibration. @throws BadInput naming the wrong field or tensor */
export async function readCalibration(path: string): Promise<Calibration> {
  return decodeCalibration(await readSafetensors(path, MAX_CALIBRATION_BYTES), path);
}

/** Writes a calibration in one atomic step. */
export async function writeCalibration(path: string, calibration: Calibration): Promise<void> {
  const { tensors, metadata } = encodeCalibration(calibration);
  await writeSafetensors(path, tensors, metadata);
}
