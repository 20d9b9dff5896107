/** Something with a time. */
interface AtTime {
  /** Header stamp, ns. */
  readonly stampNs: bigint;
}

/** What of several sources belongs together, or how far apart the first source is that does not fit. */
export type Pairing<E> =
  { readonly paired: readonly E[] } | { readonly unpaired: number; readonly apartNs: bigint };

/**
 * Approximate-time pairing: the source whose latest message is the oldest sets the time, and of every other
 * source the message nearest to that time is taken. As that source is the slowest at this moment, all others
 * have a message on either side of it, so a slop of half the slowest source's period pairs all messages of
 * sources that lose none.
 * @param candidates of each source at least one message, oldest first
 * @param slopNs the largest allowed distance from the message that sets the time, ns
 */
export function pairInTime<E extends AtTime>(
  candidates: readonly (readonly E[])[],
  slopNs: bigint,
): Pairing<E> {
  const pivotNs = oldestLatestNs(candidates)!;
  const paired = candidates.map((messages) =>
    messages.reduce((best, message) =>
      distance(message.stampNs, pivotNs) <= distance(best.stampNs, pivotNs) ? message : best,
    ),
  );
  for (const [unpaired, { stampNs }] of paired.entries()) {
    const apartNs = distance(stampNs, pivotNs);
    if (apartNs > slopNs) return { unpaired, apartNs };
  }
  return { paired };
}

/** Stamp of the latest message of the source whose latest is the oldest; sources without any do not count. */
export function oldestLatestNs(candidates: readonly (readonly AtTime[])[]): bigint | undefined {
  return candidates.reduce<bigint | undefined>((oldest, messages) => {
    const latest = messages.at(-1)?.stampNs;
    return latest !== undefined && (oldest === undefined || latest < oldest) ? latest : oldest;
  }, undefined);
}

function distance(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b;
}
