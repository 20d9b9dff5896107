/**
 * Quantiles, linear between the two nearest values.
 *
 * mathjs' quantileSeq gives the same, but takes some ten times as long, and many times that in its first calls: too
 * long for a control loop's thread and for the many resamplings of a certificate.
 * @param values at least one
 * @param probabilities 0..1
 */
export function quantiles(values: ArrayLike<number>, probabilities: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return probabilities.map((probability) => {
    const at = probability * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
    return below + (at % 1) * (above - below);
  });
}
