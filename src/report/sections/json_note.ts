import { type Html, html } from '../html.js';

/** Where the numbers of a figure are in what the report's command prints with `--format json`. */
export function jsonNote(...paths: readonly string[]): Html {
  const names = paths.map((path, i) => html`${i > 0 ? ', ' : ''}<code>${path}</code>`);
  return html`<span class="json">JSON: ${names}</span>`;
}
