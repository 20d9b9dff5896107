import { type Html, html } from './html.js';
import { withVariables } from './palette.js';

/** What the colours of a chart mean. @param entries a name and a border (CSS) that looks like its line */
export function legend(entries: readonly (readonly [name: string, border: string])[]): Html {
  const items = entries.map(
    ([name, border]) =>
      html`<span><i style="border-top: ${withVariables(border)}"></i>${name}</span>`,
  );
  return html`<p class="legend">${items}</p>`;
}
