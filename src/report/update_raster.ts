import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemReturn } from 'echarts';
import { BLOCK_KINDS, blockIndex, type BlockKind } from '../caching/blocks.js';
import type { Plan } from '../caching/plan.js';
import { COLOURS, svgChart } from './svg_chart.js';

/** Colours of the marks. */
export const KIND_COLOURS: Readonly<Record<BlockKind, string>> = {
  self_attention: COLOURS.dense,
  cross_attention: COLOURS.other,
  feed_forward: COLOURS.cached,
};

const ROW_HEIGHT = 17;

/** Name of a kind for readers. */
export function kindLabel(kind: BlockKind): string {
  return kind.replaceAll('_', ' ');
}

/** Chart of a plan: a row for each block, a mark at each denoising step that computes it. SVG. */
export function updateRaster(plan: Plan): string {
  const blocks = [...plan.blocks].sort((a, b) => blockIndex(a) - blockIndex(b));
  const height = 52 + ROW_HEIGHT * blocks.length;
  return svgChart(
    {
      grid: { left: 190, right: 20, top: 6, bottom: 46 },
      xAxis: {
        type: 'value',
        min: 0,
        max: plan.steps,
        name: 'denoising step (0 is the noisiest)',
        nameLocation: 'middle',
        nameGap: 28,
        splitLine: { show: false },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: blocks.map(({ layer, kind }) => `layer ${layer} ${kindLabel(kind)}`),
        axisTick: { show: false },
        axisLine: { show: false },
        splitLine: { show: true, interval: 0, lineStyle: { color: COLOURS.faint } },
      },
      series: BLOCK_KINDS.map((kind) => ({
        type: 'custom',
        name: kindLabel(kind),
        itemStyle: { color: KIND_COLOURS[kind] },
        data: blocks.flatMap((block, row) =>
          block.kind === kind ? block.updates.map((step) => [step, row]) : [],
        ),
        renderItem: cell,
      })),
    },
    { width: 1000, height },
    `Which of ${blocks.length} blocks is computed at which of ${plan.steps} denoising steps`,
  );
}

/** One step of one block: as wide as a step, almost as high as a row. */
function cell(_: unknown, api: CustomSeriesRenderItemAPI): CustomSeriesRenderItemReturn {
  const [step, row] = [Number(api.value(0)), Number(api.value(1))];
  const [left, middle] = api.coord([step, row]) as [number, number];
  const [right] = api.coord([step + 1, row]) as [number, number];
  const height = ROW_HEIGHT - 4;
  return {
    type: 'rect',
    shape: { x: left, y: middle - height / 2, width: Math.max(right - left - 1, 1), height },
    style: { fill: String(api.visual('color')) },
  };
}
