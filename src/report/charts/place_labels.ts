/** A text that is to stand near a point, px. */
export interface LabelRequest {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** Where a text stands, px. */
export interface LabelPlace {
  /** Its left end. */
  readonly left: number;
  /** Half its height. */
  readonly middle: number;
  readonly right: number;
  /** Whether it is so far from its point that a line should join them. */
  readonly far: boolean;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Width of a character by its height, for fonts without serifs; a little too wide rather than too narrow. */
const CHARACTER_WIDTH = 0.58;
const LINE_HEIGHT = 1.15;
/** Distances of a label from its point, px, nearest first. */
const REACHES = [8, 20, 34, 50, 70, 95, 125] as const;
/** From this distance on a line joins a label and its point. */
const FAR = 20;
/** Directions, best first: right, left, above, below, then between them. */
const DIRECTIONS = [
  [1, 0],
  [-1, 0],
  [0, -1],
  [0, 1],
  [0.8, -0.7],
  [0.8, 0.7],
  [-0.8, -0.7],
  [-0.8, 0.7],
] as const;

/**
 * Places texts near their points so that none covers another text, a point, or the edge. First come, first
 * served; a text for which there is no room is left out.
 * @param area what the texts have to stay within
 * @param points every point that is drawn, also those without a label
 * @param fontSize px
 */
export function placeLabels<T extends LabelRequest>(
  labels: readonly T[],
  points: readonly { readonly x: number; readonly y: number }[],
  area: Box,
  fontSize: number,
): (T & LabelPlace)[] {
  const taken: Box[] = points.map(({ x, y }) => boxAround(x, y, 9, 9));
  const placed: (T & LabelPlace)[] = [];
  for (const label of labels) {
    const width = label.text.length * fontSize * CHARACTER_WIDTH;
    const height = fontSize * LINE_HEIGHT;
    const found = candidates(label, width, height).find(
      ({ box }) => inside(box, area) && taken.every((other) => !overlap(box, other)),
    );
    if (!found) continue;
    taken.push(found.box);
    const middle = (found.box.top + found.box.bottom) / 2;
    const { left, right } = found.box;
    placed.push({ ...label, left, right, middle, far: found.far });
  }
  return placed;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function candidates(
  { x, y }: LabelRequest,
  width: number,
  height: number,
): { box: Box; far: boolean }[] {
  return REACHES.flatMap((reach) =>
    DIRECTIONS.map(([dx, dy]) => ({
      box: boxAround(
        x + dx * reach + (Math.sign(dx) * width) / 2,
        y + dy * (reach + height / 2),
        width,
        height,
      ),
      far: reach >= FAR,
    })),
  );
}

function boxAround(x: number, y: number, width: number, height: number): Box {
  return {
    left: x - width / 2,
    right: x + width / 2,
    top: y - height / 2,
    bottom: y + height / 2,
  };
}

function inside(box: Box, area: Box): boolean {
  return (
    box.left >= area.left &&
    box.right <= area.right &&
    box.top >= area.top &&
    box.bottom <= area.bottom
  );
}
