import { colourVariables, DARK_CHARTS } from './palette.js';

/** Style sheet of all pages: light and dark, from a phone's width on, and on paper. */
export const PAGE_STYLE = `
  :root { color-scheme: light dark; ${colourVariables('light')} }
  @media screen and (prefers-color-scheme: dark) {
    :root { ${colourVariables('dark')} }
    ${DARK_CHARTS}
  }
  * { box-sizing: border-box; }
  body { max-width: 1080px; margin: 0 auto; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
    font: 16px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
  h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 0.5rem; }
  h2 { font-size: 1.25rem; margin: 2.6rem 0 0.5rem; }
  h3 { font-size: 1rem; margin: 1.4rem 0 0.3rem; }
  p, ul, ol { max-width: 48rem; margin: 0.5rem 0; }
  .quiet, figcaption { color: var(--quiet); font-size: 0.9rem; }
  a { color: var(--dense); }
  code, pre { font: 0.85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
  pre { background: var(--raised); padding: 0.7rem 0.9rem; border-radius: 6px; margin: 0.5rem 0; }
  svg { width: 100%; height: auto; display: block; }
  figure { margin: 0.5rem 0; min-width: 0; }
  .charts { display: grid; gap: 0.5rem 1.5rem; align-items: start;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 430px), 1fr)); }
  .charts.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 240px), 1fr)); gap: 0.5rem 1rem; }
  .json, .json code { color: var(--quiet); font-size: 0.8rem; }
  .narrow { max-width: 680px; }
  .legend span { margin-right: 1.5rem; white-space: nowrap; }
  .legend i { display: inline-block; min-width: 1.6rem; margin-right: 0.5rem; vertical-align: middle; }
  table { border-collapse: collapse; margin: 0.8rem 0; font-variant-numeric: tabular-nums; }
  th, td { padding: 0.25rem 1.1rem 0.25rem 0; text-align: right; border-bottom: 1px solid var(--faint);
    font-weight: 400; }
  th:first-child, td:first-child { text-align: left; }
  tbody th { min-width: 10.5rem; overflow-wrap: anywhere; }
  td { white-space: nowrap; }
  .scroll { overflow-x: auto; }
  table.wide { font-size: 0.85rem; }
  .wide th, .wide td { padding-right: 0.7rem; }
  .wide thead th { overflow-wrap: anywhere; }
  thead th { font-weight: 600; font-size: 0.9em; line-height: 1.3; vertical-align: bottom; }
  tr.marked > * { background: var(--raised); }
  .cards { display: grid; gap: 1rem; margin: 1rem 0;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); }
  .card { background: var(--raised); border-radius: 8px; padding: 0.9rem 1.1rem; }
  .card h3 { margin: 0; font-size: 0.9rem; color: var(--quiet); font-weight: 600; }
  .card strong { display: block; font-size: 1.15rem; overflow-wrap: anywhere; }
  .card b { font-size: 1.6rem; font-weight: 600; }
  .card p { margin: 0.2rem 0 0; }
  .maps { display: grid; gap: 0.4rem; grid-template-columns: repeat(auto-fill, minmax(min(100px, 22%), 1fr)); }
  .maps img { width: 100%; display: block; aspect-ratio: 1; image-rendering: pixelated; }
  .maps figcaption { font-size: 0.8rem; line-height: 1.4; }
  .films { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 160px), 252px)); }
  .films img { width: 100%; display: block; border-radius: 6px; image-rendering: pixelated; }
  .scale { display: block; height: 0.7rem; max-width: 20rem; border-radius: 3px; }
  .ends { display: flex; justify-content: space-between; max-width: 20rem; }
  summary { cursor: pointer; }
  @media (max-width: 640px) {
    /* A row becomes a block of its own, every value behind its heading: nothing has to be scrolled sideways. */
    table, tbody, tr, td, tbody th { display: block; }
    thead { display: none; }
    tr { padding: 0.5rem 0; border-bottom: 1px solid var(--faint); }
    th, td, th:first-child { border: 0; padding: 0; text-align: left; }
    tbody th { font-weight: 600; }
    td { display: flex; justify-content: space-between; gap: 1rem; }
    td::before { content: attr(data-column); color: var(--quiet); }
    td:empty { display: none; }
    tr.marked { margin: 0 -0.5rem; padding-left: 0.5rem; padding-right: 0.5rem; background: var(--raised); }
  }
  @media print {
    .scroll { overflow: visible; }
    table, table.wide { font-size: 7.5pt; }
    th, td, .wide th, .wide td { padding-right: 0.35rem; white-space: normal; }
    tbody th { min-width: 4.5rem; }
    body { max-width: none; padding: 0; font-size: 10pt; }
    h2, h3 { break-after: avoid; }
    figure, table tr, .card, pre { break-inside: avoid; }
    .charts { grid-template-columns: 1fr 1fr; }
    .charts.small { grid-template-columns: repeat(4, 1fr); }
    .card, pre, tr.marked > * { background: none; border: 1px solid var(--faint); }
    tr.marked > * { border-width: 0 0 1px; font-weight: 600; }
    details::details-content { content-visibility: visible; height: auto; }
  }
`;
