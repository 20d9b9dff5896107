import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { GraphicComponent, GridComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { Html } from './html.js';
import { COLOURS } from './palette.js';

use([
  BarChart,
  CustomChart,
  LineChart,
  GraphicComponent,
  GridComponent,
  TitleComponent,
  SVGRenderer,
]);

const AXIS = {
  axisLine: { lineStyle: { color: COLOURS.quiet } },
  axisTick: { lineStyle: { color: COLOURS.quiet } },
  axisLabel: { color: COLOURS.quiet },
  nameTextStyle: { color: COLOURS.ink },
  splitLine: { lineStyle: { color: COLOURS.faint } },
};

/** Colours of both kinds of axes, so that a dark page can exchange them. */
const THEME = {
  title: { textStyle: { color: COLOURS.ink } },
  valueAxis: AXIS,
  categoryAxis: { ...AXIS, splitLine: { ...AXIS.splitLine, show: false } },
};

/**
 * Draws a chart as an `<svg>` element that stands alone: no script, no animation, no font or picture from
 * elsewhere.
 * @param size in CSS pixels; the picture scales with the width of its place on the page
 * @param description what the chart shows, for those who cannot see it
 * @param overlay SVG elements that are put on top
 */
export function svgChart(
  option: EChartsCoreOption,
  size: { readonly width: number; readonly height: number },
  description: string,
  overlay = new Html(''),
): string {
  const chart = init(null, THEME, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: 'system-ui, sans-serif', color: COLOURS.ink },
      ...option,
    });
    const svg = chart.renderToSVGString({ useViewBox: true });
    const label = description.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    return (
      svg
        // Only styles for pointing at parts, which have no effect without a script.
        .replace(/<style[\s\S]*?<\/style>/, '')
        .replaceAll(/ class="zr\d+-cls-\d+"/g, '')
        .replace('<svg ', `<svg role="img" aria-label="${label}" `)
        .replace(/<\/svg>\s*$/, () => `${overlay.text}</svg>`)
    );
  } finally {
    chart.dispose();
  }
}
