import { html, Html } from '../html.js';
import { COLOURS } from '../palette.js';
import { plain } from '../format_number.js';
import { svgChart } from '../svg_chart.js';
import { logAxis, type LogAxis } from './log_axis.js';
import type { MethodLook } from './method_look.js';
import { type LabelPlace, type LabelRequest, placeLabels } from './place_labels.js';

/** One plan in the picture. */
export interface ParetoPoint {
  /** Written beside it where there is room; absent = only shown when one points at it. */
  readonly label?: string;
  readonly method: string;
  /** Cost or ms. */
  readonly x: number;
  /** Error, in the unit that is shown. */
  readonly y: number;
  /** Shown when one points at it. */
  readonly title: string;
}

/** What the picture is drawn from. */
export interface ParetoPicture {
  readonly points: readonly ParetoPoint[];
  readonly looks: ReadonlyMap<string, MethodLook>;
  readonly xName: string;
  readonly yName: string;
  readonly xLabel: (value: number) => string;
  /** Where dense stands on the x axis; its error is 0, which no logarithm reaches. */
  readonly dense: number;
  /** The policy's own spread over noise seeds, the ends of its interval. */
  readonly spread: { readonly value: number; readonly low: number; readonly high: number };
  /** Methods whose points are joined by a line; the first one boldly, through those that no other of it beats. */
  readonly curves: readonly string[];
}

const SIZE = { width: 520, height: 430 };
// The size is that of the plot itself: pixels are computed from it.
const GRID = { left: 60, right: 12, top: 12, bottom: 46, outerBoundsMode: 'none' };
const AREA = {
  left: GRID.left + 2,
  right: SIZE.width - GRID.right,
  top: GRID.top,
  bottom: SIZE.height - GRID.bottom - 2,
};
const FONT_SIZE = 11.5;
/** Errors smaller than this part of the spread stand at the lower edge. */
const LOWEST = 50;

/** Error against time or cost, both logarithmic: a point for each plan; further down and left is better. SVG. */
export function paretoChart(picture: ParetoPicture): string {
  const { points, looks, spread, dense } = picture;
  const x = logAxis([...points.map((point) => point.x), dense]);
  // What is far below the spread is as good as equal: it would only squeeze everything else together.
  const least = spread.value / LOWEST;
  const y = logAxis([...points.map((p) => Math.max(p.y, least)), spread.low, spread.high]);
  const pixel = (px: number, py: number): [number, number] => [
    GRID.left + x.at(px) * (SIZE.width - GRID.left - GRID.right),
    SIZE.height - GRID.bottom - y.at(py) * (SIZE.height - GRID.top - GRID.bottom),
  ];
  const overlay = html`${band(picture, pixel)} ${curves(picture, pixel)}
  ${points.map((point) => mark(point, looks.get(point.method)!, pixel))} ${labels(picture, pixel)}`;
  return svgChart(
    {
      grid: GRID,
      xAxis: axis(x, picture.xName, picture.xLabel, 26),
      yAxis: axis(y, picture.yName, plain, 42),
      series: [],
    },
    SIZE,
    `${picture.yName} against ${picture.xName} of ${points.length} plans; the policy's own spread over noise seeds is ${spread.value.toFixed(1)}`,
    overlay,
  );
}

type Pixel = (x: number, y: number) => [number, number];

function axis(
  { min, max, marks }: LogAxis,
  name: string,
  label: (value: number) => string,
  nameGap: number,
): Record<string, unknown> {
  // A plain axis of logarithms: echarts' own logarithmic axis has labels at powers of ten alone.
  const values = marks.map((mark) => Math.log10(mark));
  return {
    type: 'value',
    min: Math.log10(min),
    max: Math.log10(max),
    name,
    nameLocation: 'middle',
    nameGap,
    axisLine: { show: true, onZero: false },
    axisTick: { show: true, customValues: values },
    axisLabel: {
      customValues: values,
      formatter: (value: number) => label(Number((10 ** value).toPrecision(6))),
    },
    splitLine: { show: true },
  };
}

/** Below it a plan is closer to dense than dense is to itself from other noise. */
function band({ spread, yName }: ParetoPicture, pixel: Pixel): Html {
  const [, top] = pixel(1, spread.high);
  const [, bottom] = pixel(1, spread.low);
  const [, middle] = pixel(1, spread.value);
  const width = AREA.right - GRID.left;
  const value = spread.value.toPrecision(3);
  return html`<g>
    <title>
      the policy's own spread over noise seeds: ${value} (${yName}), interval
      ${spread.low.toPrecision(3)} to ${spread.high.toPrecision(3)}
    </title>
    <rect
      x="${GRID.left}"
      y="${round(top)}"
      width="${width}"
      height="${round(Math.max(bottom - top, 1))}"
      fill="${COLOURS.recorded}"
      fill-opacity="0.45"
    />
    <path
      d="M${GRID.left} ${round(middle)}h${width}"
      stroke="${COLOURS.quiet}"
      stroke-dasharray="5 4"
      fill="none"
    />
  </g>`;
}

function curves({ points, looks, curves: methods }: ParetoPicture, pixel: Pixel): Html[] {
  return methods.flatMap((method, i) => {
    const all = points.filter((point) => point.method === method).sort((a, b) => a.x - b.x);
    const own =
      i === 0 ? all.filter((point, at) => all.slice(0, at).every((p) => p.y > point.y)) : all;
    if (own.length < 2) return [];
    const path = own.map((point) => pixel(point.x, point.y).map(round).join(' ')).join('L');
    return [
      html`<path
        class="curve"
        d="M${path}"
        fill="none"
        stroke="${looks.get(method)!.colour}"
        stroke-width="${i === 0 ? 2.4 : 1}"
        stroke-linejoin="round"
        stroke-opacity="${i === 0 ? 1 : 0.55}"
      />`,
    ];
  });
}

function mark(point: ParetoPoint, { colour, shape, hollow }: MethodLook, pixel: Pixel): Html {
  const [cx, cy] = pixel(point.x, point.y);
  const fill = hollow ? COLOURS.page : colour;
  return html`<path
    class="point"
    d="${SHAPES[shape](cx, cy)}"
    fill="${fill}"
    stroke="${hollow ? colour : COLOURS.page}"
    stroke-width="${hollow ? 1.6 : 0.8}"
    ><title>${point.title}</title></path
  >`;
}

const RADIUS = 4.6;
const SHAPES: Readonly<Record<MethodLook['shape'], (x: number, y: number) => string>> = {
  circle: (x, y) =>
    `M${round(x - RADIUS)} ${round(y)}a${RADIUS} ${RADIUS} 0 1 0 ${2 * RADIUS} 0a${RADIUS} ${RADIUS} 0 1 0 ${-2 * RADIUS} 0z`,
  square: (x, y) => polygon(x, y, [-1, -1, 1, -1, 1, 1, -1, 1], 0.9),
  diamond: (x, y) => polygon(x, y, [0, -1, 1, 0, 0, 1, -1, 0], 1.3),
  triangle: (x, y) => polygon(x, y, [0, -1.1, 1, 0.8, -1, 0.8], 1.15),
};

function polygon(x: number, y: number, corners: readonly number[], size: number): string {
  const ends = corners.map((value, i) => round((i % 2 ? y : x) + value * RADIUS * size));
  return `M${Array.from({ length: ends.length / 2 }, (_, i) => `${ends[2 * i]!} ${ends[2 * i + 1]!}`).join('L')}z`;
}

/** Names beside their points, as far as there is room. */
function labels({ points, looks, spread }: ParetoPicture, pixel: Pixel): Html[] {
  const marks = points.map((point) => {
    const [x, y] = pixel(point.x, point.y);
    return { x, y, text: point.label ?? '', colour: looks.get(point.method)!.colour };
  });
  const [, y] = pixel(1, spread.value);
  const about = {
    x: AREA.right,
    y: y - 12,
    text: 'own spread over noise seeds',
    colour: COLOURS.quiet,
  };
  const wanted = [about, ...marks.filter(({ text }) => text !== '')];
  return placeLabels(wanted, marks, AREA, FONT_SIZE).map(
    (label) =>
      html`${label.far ? [leader(label)] : []}<text
          x="${round(label.left)}"
          y="${round(label.middle)}"
          dominant-baseline="central"
          font-size="${FONT_SIZE}"
          font-family="system-ui, sans-serif"
          stroke="${COLOURS.page}"
          stroke-width="3"
          paint-order="stroke"
          fill="${label.colour}"
          >${label.text}</text
        >`,
  );
}

/** A thin line from a point to its name. */
function leader(label: LabelRequest & LabelPlace & { readonly colour: string }): Html {
  const { x, y, left, right, middle, colour } = label;
  const end = x < left ? left : x > right ? right : (left + right) / 2;
  const foot = x < left || x > right ? middle : middle + Math.sign(y - middle) * FONT_SIZE * 0.5;
  return html`<path
    d="M${round(x)} ${round(y)}L${round(end)} ${round(foot)}"
    stroke="${colour}"
    stroke-opacity="0.6"
    stroke-width="0.8"
  />`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
