/** Relative L1 change of a tensor: mean |now - before| over mean |before|; infinite from nothing to something. */
export function relativeChange(now: Float32Array, before: Float32Array): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < now.length; i++) {
    difference += Math.abs(now[i]! - before[i]!);
    size += Math.abs(before[i]!);
  }
  return difference === 0 ? 0 : difference / size;
}
