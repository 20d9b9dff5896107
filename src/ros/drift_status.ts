import type { DenseCheckReport } from '../inference/worker/dense_check.js';
import { type DiagnosticStatus, LEVEL, prefixed, statusOf } from './diagnostic_status.js';
import type { DiagnosedDrift } from './drift_guard.js';

/** What diagnostics say of observations that drift from those of calibration, and of errors that are checked. */
export function driftStatus(node: string, drift: DiagnosedDrift): DiagnosticStatus {
  const { monitor, fallback, check, certifiedError } = drift;
  const complaints = [driftComplaint(drift), fallback.problem, checkComplaint(drift)];
  const said = complaints.filter((one) => one !== undefined);
  const level = said.length > 0 ? LEVEL.warn : LEVEL.ok;
  const usual = monitor ? 'observations as in calibration' : 'observations are not compared';
  return statusOf(`${node}: drift`, level, said.join('; ') || usual, {
    ...(monitor && {
      level: monitor.level,
      chunks: monitor.chunks,
      chunks_beyond: monitor.beyond,
      share_beyond: (monitor.beyond / Math.max(1, monitor.chunks)).toFixed(4),
      ...(monitor.distance && prefixed('distance_', fixed(monitor.distance, 3))),
      ...(monitor.outOfRangeName !== undefined && { out_of_range: monitor.outOfRangeName }),
      drifts: monitor.drifts,
    }),
    ...(fallback.to !== '' && {
      fallback: fallback.to,
      fallback_state: fallback.state,
      falls_back: fallback.falls,
      returns: fallback.returns,
    }),
    ...(check && checkValues(check)),
    ...(certifiedError !== undefined && { certified_error_p99: certifiedError.toPrecision(4) }),
  });
}

function driftComplaint({ monitor, fallback }: DiagnosedDrift): string | undefined {
  const taken = fallback.state === 'off' ? '' : `: ${fallback.state} (${fallback.to})`;
  if (!monitor || monitor.level === 'ok') return taken === '' ? undefined : `drift${taken}`;
  const where =
    monitor.outOfRangeName === undefined ? '' : `, ${monitor.outOfRangeName} is out of its range`;
  return `observations drift from those of calibration${where}${taken}`;
}

function checkComplaint({ check, certifiedError }: DiagnosedDrift): string | undefined {
  if (check?.error && certifiedError !== undefined && check.error.last > certifiedError) {
    return `the last chunk that was checked is ${check.error.last.toPrecision(3)} from dense, above the certificate's ${certifiedError.toPrecision(3)}`;
  }
  return check?.problem;
}

function checkValues({ checked, postponed, beyond, error }: DenseCheckReport): object {
  return {
    checked_against_dense: checked,
    checks_postponed: postponed,
    checks_beyond_certificate: beyond,
    ...(error && prefixed('error_', fixed(error, 6))),
  };
}

function fixed(values: Readonly<Record<string, number>>, digits: number): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, n]) => [key, n.toFixed(digits)]));
}
