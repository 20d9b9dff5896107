import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemReturn } from 'echarts';
import { BLOCK_KINDS, blockIndex, type Block, type BlockKind } from '../caching/blocks.js';
import { COLOURS } from './palette.js';
import { svgChart } from './svg_chart.js';

/** Colours of the marks. */
export const KIND_COLOURS: Readonly<Record<BlockKind, string>> = {
  self_attention: COLOURS.dense,
  cross_attention: COLOURS.other,
  feed_forward: COLOURS.cached,
};

/** What is drawn of a plan; a `Plan` will do. */
export interface RasterPlan {
  readonly steps: number;
  readonly blocks: readonly RasterBlock[];
  /** Steps at which the network is evaluated, where one affine map leads from each to the next. */
  readonly affineFrom?: readonly number[];
}

/** One row: a block, and the steps that compute it. */
export interface RasterBlock extends Block {
  readonly updates: readonly number[];
  /** Computed in int8: its marks are pale. */
  readonly int8?: boolean;
}

const WIDTH = 520;
const LEFT = 66;
const SHORT_KINDS: Readonly<Record<BlockKind, string>> = {
  self_attention: 'self',
  cross_attention: 'cross',
  feed_forward: 'feed',
};
const PALE = 0.45;

/** Name of a kind for readers. */
export function kindLabel(kind: BlockKind): string {
  return kind.replaceAll('_', ' ');
}

/**
 * Chart of a plan: a row for each block, a mark at each denoising step that computes it; below them, where the
 * plan has any, the runs of steps that are one affine map. SVG.
 */
export function updateRaster({ steps, blocks: unordered, affineFrom = [] }: RasterPlan): string {
  const blocks = [...unordered].sort((a, b) => blockIndex(a) - blockIndex(b));
  const rows = blocks.length + (affineFrom.length > 0 ? 1 : 0);
  // Few rows are easier to read when they are higher.
  const rowHeight = rows > 16 ? 13 : 17;
  const evaluated = new Set(blocks.flatMap(({ updates }) => updates));
  const affine = affineFrom.map((begin, i) => [
    begin + (evaluated.has(begin) ? 1 : 0),
    blocks.length,
    affineFrom[i + 1] ?? steps,
  ]);
  return svgChart(
    {
      grid: { left: LEFT, right: 14, top: 4, bottom: 42, outerBoundsMode: 'none' },
      xAxis: {
        type: 'value',
        min: 0,
        max: steps,
        name: 'denoising step (0 is the noisiest)',
        nameLocation: 'middle',
        nameGap: 24,
        splitLine: { show: false },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: [
          ...blocks.map(({ layer, kind }) => `${layer} ${SHORT_KINDS[kind]}`),
          ...(affine.length > 0 ? ['affine map'] : []),
        ],
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: { fontSize: 11, interval: 0, margin: 6 },
        splitLine: { show: true, interval: 0 },
      },
      series: [
        ...BLOCK_KINDS.map((kind) => ({
          name: kindLabel(kind),
          colour: KIND_COLOURS[kind],
          data: blocks.flatMap((block, row) =>
            block.kind === kind
              ? block.updates.map((step) => [step, row, step + 1, block.int8 ? PALE : 1])
              : [],
          ),
        })),
        { name: 'affine map', colour: COLOURS.purple, data: affine.map((run) => [...run, 1]) },
      ].map(({ name, colour, data }) => ({
        type: 'custom',
        name,
        itemStyle: { color: colour },
        data,
        renderItem: (_: unknown, api: CustomSeriesRenderItemAPI) => bar(api, rowHeight - 4),
      })),
    },
    { width: WIDTH, height: 46 + rowHeight * rows },
    `Which of ${blocks.length} blocks is computed at which of ${steps} denoising steps`,
  );
}

/** From a first step up to a last one, in one row. @param height px */
function bar(api: CustomSeriesRenderItemAPI, height: number): CustomSeriesRenderItemReturn {
  const [begin, row, end] = [0, 1, 2].map((dimension) => Number(api.value(dimension)));
  const [left, middle] = api.coord([begin!, row!]) as [number, number];
  const [right] = api.coord([end!, row!]) as [number, number];
  // Room between neighbours, as long as there is any.
  const width = Math.max(right - left - Math.min(1, (right - left) / 5), 1);
  return {
    type: 'rect',
    shape: { x: left, y: middle - height / 2, width, height },
    style: { fill: String(api.visual('color')), opacity: Number(api.value(3)) },
  };
}
