/** A reason without what differs each time, such as ages and values: there are few kinds, and each is news once. */
export function faultKind(reason: string): string {
  return reason
    .replace(/ \d+ ms (old|apart|in the future)$/, '')
    .replace(/^(chunk refused|inference failed|unusable): .*$/, '$1')
    .replace(/^(missing: [^:]+: ).*$/, '$1...');
}
