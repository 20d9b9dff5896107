import type { Certificate } from '../../caching/certificate.js';
import type { ErrorStatistics } from '../../caching/error_statistics.js';
import { table } from '../terminal.js';

/** What was measured of a plan, for people. */
export function describeCertificate(certificate: Certificate): string {
  const { calibration, held_out: heldOut } = certificate;
  const splits = [
    ...(heldOut ? [{ name: 'held out', error: heldOut.error }] : []),
    { name: 'what it was fitted on', error: calibration.error },
  ];
  const compared = [
    ['without its correction', certificate.correction],
    ['in real-time chunking', certificate.real_time_chunking],
    ['affine policy without a network', certificate.control],
  ] as const;
  const errors = table(
    ['error against dense', 'samples', 'episodes', 'RMS', '95 %', 'p50', 'p95', 'p99', 'max'],
    [
      ...splits.map(({ name, error }) => errorRow(name, error)),
      ...compared.flatMap(([name, rms]) => (rms ? [comparisonRow(name, rms)] : [])),
    ],
  );
  const { joints } = (heldOut ?? calibration).error;
  const perJoint = table(
    ['joint', 'unit', 'RMS', 'flips'],
    joints.map(({ name, unit, rms, flips }) => [name, unit, short(rms), percent(flips)]),
  );
  return [errors, perJoint, ...facts(certificate)].join('\n\n');
}

function errorRow(name: string, { samples, episodes, rms, per_sample: each }: ErrorStatistics) {
  const quantiles = [each.p50.value, each.p95.value, each.p99.value, each.max].map(short);
  const between = `${short(rms.low)} to ${short(rms.high)}`;
  return [name, String(samples), String(episodes), short(rms.value), between, ...quantiles];
}

function comparisonRow(
  name: string,
  { calibration, held_out: heldOut }: NonNullable<Certificate['control']>,
): string[] {
  return [name, '', '', short(heldOut ?? calibration), '', '', '', '', ''];
}

function facts(certificate: Certificate): string[] {
  const { noise_spread: spread, measured_ms: measured, predicted_ms: predicted } = certificate;
  const { machine, versions, threads, provider, engine, drift } = certificate;
  const times = [
    measured && `measured ${short(measured.median)} ms a chunk (p90 ${short(measured.p90)})`,
    predicted !== null && `predicted ${short(predicted)} ms`,
    `${(100 * certificate.cost).toPrecision(3)} % of the dense multiply-adds`,
  ];
  return [
    'Errors are of executed actions against the dense policy with the same noise, physical units' +
      (spread
        ? `; two dense chunks with other noise differ by ${short(spread.difference)} (a standard deviation of ${short(spread.deviation)}).`
        : '.'),
    `${times.filter(Boolean).join(', ')}; ${provider}, ${threads} threads, ${machine.cpu}; ` +
      `errors by the ${engine} engine; ` +
      `bac_policy ${versions.bac_policy}, onnxruntime ${versions.onnxruntime}, Node ${versions.node}.`,
    ...(drift
      ? [
          `The drift monitor takes ${percent(drift.beyond)} of ${drift.observations} held-out observations for unusual` +
            Object.entries(drift.pictures)
              .map(([name, { beyond }]) => `, ${percent(beyond)} of the pictures of ${name}`)
              .join('') +
            '.',
        ]
      : []),
    `Made by: ${certificate.command}`,
  ];
}

function short(value: number): string {
  return value === 0 ? '0' : Number(value.toPrecision(3)).toString();
}

function percent(share: number | undefined): string {
  return share === undefined ? '' : `${(100 * share).toFixed(1)} %`;
}
