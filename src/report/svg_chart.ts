import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, CustomChart, LineChart, GridComponent, TitleComponent, SVGRenderer]);

/**
 * Draws a chart as an `<svg>` element that stands alone: no script, no animation, no font or picture from
 * elsewhere.
 * @param size in CSS pixels; the picture scales with the width of its place on the page
 * @param description what the chart shows, for those who cannot see it
 */
export function svgChart(
  option: EChartsCoreOption,
  size: { readonly width: number; readonly height: number },
  description: string,
): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: 'system-ui, sans-serif', color: COLOURS.ink },
      ...option,
    });
    const svg = chart.renderToSVGString({ useViewBox: true });
    const label = description.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    return svg.replace('<svg ', `<svg role="img" aria-label="${label}" `);
  } finally {
    chart.dispose();
  }
}

/** Colours of all charts; they differ in brightness too. (Okabe and Ito, 2008: seen by the colour-blind.) */
export const COLOURS = {
  ink: '#30343b',
  faint: '#d9dce1',
  recorded: '#b4b9c2',
  dense: '#0072b2',
  cached: '#d55e00',
  other: '#009e73',
} as const;
