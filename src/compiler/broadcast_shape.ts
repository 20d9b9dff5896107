/** The shape two shapes broadcast to, or undefined. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] | undefined {
  const shape: number[] = [];
  for (let i = 1; i <= Math.max(a.length, b.length); i++) {
    const [x, y] = [a[a.length - i] ?? 1, b[b.length - i] ?? 1];
    if (x !== y && x !== 1 && y !== 1) return undefined;
    shape.unshift(Math.max(x, y));
  }
  return shape;
}
