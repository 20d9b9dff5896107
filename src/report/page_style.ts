import { COLOURS } from './svg_chart.js';

/** Style sheet of all pages. */
export const PAGE_STYLE = `
  body { max-width: 1080px; margin: 2rem auto; padding: 0 1rem; background: white; color: ${COLOURS.ink};
    font: 16px/1.5 system-ui, sans-serif; }
  h1 { font-size: 1.6rem; }
  h2 { font-size: 1.2rem; margin-top: 2.2rem; }
  p, ul { max-width: 48rem; }
  svg { width: 100%; height: auto; display: block; }
  table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
  th, td { padding: 0.2rem 1.2rem 0.2rem 0; text-align: right; border-bottom: 1px solid ${COLOURS.faint}; }
  th:first-child, td:first-child { text-align: left; }
  th { font-weight: 600; vertical-align: bottom; }
  .joints { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 0.5rem; }
  .legend span { margin-right: 1.5rem; white-space: nowrap; }
  .legend i { display: inline-block; min-width: 1.6rem; margin-right: 0.5rem; vertical-align: middle; }
`;
