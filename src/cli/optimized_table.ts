import type { Certificate } from '../caching/certificate.js';
import type { NoiseSpread } from '../caching/noise_spread.js';
import type { SearchedPreset } from '../search/choose_presets.js';
import type { Found } from '../search/find_candidates.js';
import { table } from './terminal.js';

/** A preset that was written. */
export interface OptimizedPlan {
  readonly name: SearchedPreset;
  readonly path: string;
  readonly sha256: string;
  /** `search`, or `bac` where that was better at this cost. */
  readonly method: string;
  readonly numerics: string;
  /** The candidate it was made from. */
  readonly found: Found;
  readonly certificate: Certificate;
}

/** What `optimize` found, as it prints it for machines; errors are in the action's units. */
export interface Optimized {
  readonly policy_sha256: string;
  readonly dense_runs: number;
  /** That it took. */
  readonly seconds: number;
  /** Why searching ended before all was tried; null = all was. */
  readonly stopped: 'interrupted' | 'time' | null;
  /** K. */
  readonly steps: number;
  /** The best candidate for each number of evaluations, `cost` their share of the dense policy's. */
  readonly curve: readonly (Found & { readonly cost: number })[];
  readonly presets: readonly OptimizedPlan[];
  /** BAC with n = 5 and the final update. */
  readonly bac: { readonly updates: number; readonly certificate: Certificate };
  readonly noise_spread: NoiseSpread;
  /** An affine policy that evaluates no network. */
  readonly control: { readonly error: number; readonly heldOut: number };
}

/** The same for people. */
export function optimizedTable(optimized: Optimized): string {
  const { curve, presets, bac, control, noise_spread: spread, stopped } = optimized;
  const rows = [
    ...curve.map(({ evaluations, cost, error, heldOut }) => [
      `${evaluations.length} evaluations`,
      cost.toFixed(3),
      ...['', ''],
      milli(heldOut),
      milli(error),
      '',
    ]),
    ...presets.map(({ name, method, numerics, certificate }) => {
      const how = [method !== 'search' && method, numerics !== 'fp32' && numerics].filter(Boolean);
      return measuredRow([name, ...how].join(' '), certificate);
    }),
    measuredRow(`BAC S = ${bac.updates}`, bac.certificate),
    ['no network (S = 0)', '', '', '', milli(control.heldOut), milli(control.error), ''],
    ['spread over noises', '', '', '', '', milli(spread.difference), ''],
  ];
  const notes = [
    'Errors of executed actions, thousandths of their unit (mrad), against the dense policy with the same noise. Those\n' +
      'of numbers of evaluations are cross-validated in place of fitted, those of plans by the compiled engine. Only\n' +
      'those on held-out episodes are what to expect of others.',
    ...driftNote(presets[0]!.certificate),
    ...(stopped === 'interrupted' ? ['Interrupted: searching ended early.'] : []),
    ...(stopped === 'time'
      ? ['Time was over before all was tried: --time-limit allows more.']
      : []),
    ...(new Set(presets.map(({ found }) => found.evaluations.length)).size < presets.length
      ? ['More evaluations made no better plans: presets coincide.']
      : []),
  ];
  const headings = ['plan', 'cost', 'ms', 'predicted', 'held out', 'fitted', 'uncorrected'];
  return [table(headings, rows), ...notes].join('\n\n');
}

function measuredRow(name: string, certificate: Certificate): string[] {
  const {
    cost,
    measured_ms: ms,
    predicted_ms: predicted,
    calibration,
    held_out: held,
  } = certificate;
  const correction = certificate.correction;
  return [
    name,
    cost.toFixed(3),
    ms?.median.toFixed(2) ?? '',
    predicted?.toFixed(2) ?? '',
    milli(held?.error.rms.value),
    milli(calibration.error.rms.value),
    correction ? milli(correction.held_out ?? correction.calibration) : '',
  ];
}

function driftNote({ drift }: Certificate): string[] {
  if (!drift) return [];
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const pictures = Object.entries(drift.pictures).map(
    ([name, { beyond }]) => `, ${percent(beyond)} of the pictures of ${name}`,
  );
  return [
    `The drift monitor takes ${percent(drift.beyond)} of ${drift.observations} held-out observations for unusual${pictures.join('')}.`,
  ];
}

function milli(value: number | null | undefined): string {
  const isKnown = value !== null && value !== undefined && Number.isFinite(value);
  return isKnown ? (1000 * value).toFixed(2) : '-';
}
