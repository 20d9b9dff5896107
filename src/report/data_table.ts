import { type Html, html } from './html.js';

/** Tables with more columns are set smaller. */
const WIDE = 8;

/** One row of a table. */
export interface TableRow {
  /** As many as there are headings; the first names the row. */
  readonly cells: readonly (string | Html)[];
  /** Whether it stands out. */
  readonly marked?: boolean;
}

/** A table whose rows become blocks on narrow screens, each value behind its heading. */
export function dataTable(headings: readonly string[], rows: readonly TableRow[]): Html {
  return html`<div class="scroll">
    <table class="${headings.length > WIDE ? 'wide' : ''}">
      <thead>
        <tr>
          ${headings.map((heading) => html`<th scope="col">${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ cells: [name, ...values], marked }) =>
            html`<tr class="${marked ? 'marked' : ''}">
              <th scope="row">${name!}</th>
              ${values.map((value, i) => html`<td data-column="${headings[i + 1]!}">${value}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
